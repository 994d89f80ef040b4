-- Stores a page of the file list, and with the last page the step from READY to PROCESSING. With the first page also the step from
-- POLLING to READY, where that is not stored yet: as if apply.lua had stored it a moment before.
-- ARGV: id, version, new status, timer delay ms, next cursor ('' with the last page), attempts, failures and unknownStatuses of the job
--   that is found ready (separated by tabs; '' for one that is READY), its export ('': as it is), then for each file: name, description (JSON)
-- Returns {-1} (stale), or the new version, files in all, files stored or given up, index of the first new file.

local id, expected, status, delay, cursor, counted, export = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7]
local key, files, is_found = job_key(id), files_key(id), ARGV[6] ~= ''
local known = redis.call('HMGET', key, 'progress', 'status', 'createdAt', 'filesTotal', 'filesDone', 'filesFailed', 'attemptsBase',
    'listingCursor', 'history', 'checks')
local present, attempts, unknown, polled, planned = string.match(known[1] or '', '^(%d+)\t%d+\t(%d+)\t%d+\t(%d+)\t(%d+)\t(%d+)$')
if present ~= expected or known[2] ~= (is_found and 'POLLING' or 'READY') then return { -1 } end

-- What a file is stored as loses these endings, and an archive becomes a folder of that name.
local function stem(name)
    local without = string.gsub(name, '%.[gG][zZ]$', '')
    without = string.gsub(without, '%.[zZ][iI][pP]$', '')
    return without
end

local first = tonumber(known[4] or '0')
local total = first
for position = 8, #ARGV, 2 do
    local name, number = ARGV[position], whole(total)
    -- Two files of one name would overwrite each other: the later one gets its index in front.
    while redis.call('HSETNX', files, 'name:' .. stem(name), number) == 0 do name = number .. '-' .. name end
    local state = 'queued ' .. (known[7] or '0') .. ' ' .. whole(NOW) .. ' 0'
    redis.call('HSET', files, number, ARGV[position + 1], number .. '.name', name, number .. '.state', state)
    total = total + 1
end
local fields, gone = { 'filesTotal', whole(total) }, {}
local function set(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
end
local version, history, created = tonumber(expected) + 1, known[9] or '', tonumber(known[3])
if is_found then
    version = version + 1
    history = longer(with_checks(history, created, known[10], attempts, polled), NOW - created, 'READY', '')
    polled = whole(NOW)
    if known[10] then gone[#gone + 1] = 'checks' end
    if export ~= '' then set('export', export) end
else
    -- Failures in a row are over.
    counted = attempts .. '\t0\t' .. unknown
end
-- So is the claim.
set('progress', table.concat({ whole(version), '0', counted, polled, planned }, '\t'))
if cursor ~= '' then set('listingCursor', cursor) elseif known[8] then gone[#gone + 1] = 'listingCursor' end
if status == 'PROCESSING' then history = longer(history, NOW - created, status, whole(total) .. ' files') end
if status ~= known[2] then
    set('status', status)
    set('history', history)
end
redis.call('HSET', key, unpack(fields))
if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
-- Of a file that failed while the list went on, the last page's reader hears at once.
redis.call('ZADD', DUE, whole(NOW + (known[6] and status == 'PROCESSING' and 0 or delay)), id)
index(id, known[2], status)
return { version, total, tonumber(known[5] or '0') + tonumber(known[6] or '0'), first }
