-- include: clock, job_keys, progress, history, index, job_events, file_state, file_names
-- Stores a page of the file list with the decision that was made from the state that the caller knows. The last page has no cursor; with
-- it the decision depends on how many files have ended already, so these counters are compared too.
-- The first files of a job are queued, the others listed.
-- ARGV: id, version, status, delay, counts, cursor, filesDone, filesFailed, atOnce, actor; each: name, description
-- Returns: outcome, version, filesDone, filesFailed, priority, traceparent, token, phase, age

local id, expected, status, delay, counts, cursor = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local key, files = job_key(id), files_key(id)
local known = redis.call('HMGET', key, 'progress', 'status', 'createdAt', 'filesTotal', 'filesDone', 'filesFailed', 'attemptsBase',
    'listingCursor', 'history', 'priority', 'traceparent', 'readyPage', 'request')
local done, failed = tonumber(known[5] or '0'), tonumber(known[6] or '0')
local version, _, last_poll, next_poll = parse_progress(known[1])
if version ~= expected or known[2] ~= 'READY' then return { 'stale', -1, done, failed, '', '', 0, 0, 0 } end
if cursor == '' and (done ~= tonumber(ARGV[7]) or failed ~= tonumber(ARGV[8])) then
    return { 'countsDiffer', tonumber(version), done, failed, '', '', 0, 0, 0 }
end

local total, at_once, token = tonumber(known[4] or '0'), tonumber(ARGV[9]), known[7] or '0'
local queued, listed = stored_state('queued ' .. token .. ' now 0'), 'listed ' .. token
for position = 11, #ARGV, 2 do
    local index = whole(total)
    local name = reserve_name(files, ARGV[position], index)
    redis.call('HSET', files, index, ARGV[position + 1], index .. '.name', name, index .. '.state', total < at_once and queued or listed)
    total = total + 1
end

version = tonumber(version) + 1
local fields, gone = { 'progress', decided(version, counts, last_poll, next_poll), 'filesTotal', whole(total) }, {}
local function set(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
end
if cursor ~= '' then set('listingCursor', cursor) elseif known[8] then gone[#gone + 1] = 'listingCursor' end
if known[12] then gone[#gone + 1] = 'readyPage' end
if status ~= known[2] then
    set('status', status)
    set('history', told(id, known[9] or '', status, NOW - tonumber(known[3]), status, whole(total) .. ' files', ARGV[10]))
end
redis.call('HSET', key, unpack(fields))
if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
redis.call('ZADD', DUE, whole(NOW + delay), id)
if status ~= known[2] then
    tell_status(id, version, known[13], known[11], known[2], status, whole(total) .. ' files')
    send_told()
end
local phase = move_index(id, known[2], status, provider_of(known[13]))
store_counts()
local age = math.max(NOW - tonumber(known[3]), 0)
return { 'added', version, done, failed, known[10] or 'normal', known[11] or '', tonumber(token), phase, age }
