-- Stores a page of the file list, and with the last page the step from READY to PROCESSING.
-- ARGV: id, version, new status, timer delay ms, next cursor ('' with the last page), then for each file: name, description (JSON)
-- Returns {-1} (stale), or the new version, files in all, files stored or given up, index of the first new file.

local id, expected, status, delay, cursor = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local key, files = job_key(id), files_key(id)
local known = redis.call('HMGET', key, 'progress', 'status', 'createdAt', 'filesTotal', 'filesDone', 'filesFailed', 'attemptsBase',
    'listingCursor', 'history')
-- The claim is over, and so are failures in a row.
local present, attempts, rest = string.match(known[1] or '', '^(%d+)\t%d+\t(%d+)\t%d+(\t.*)$')
if present ~= expected or known[2] ~= 'READY' then return { -1 } end

-- What a file is stored as loses these endings, and an archive becomes a folder of that name.
local function stem(name)
    local without = string.gsub(name, '%.[gG][zZ]$', '')
    without = string.gsub(without, '%.[zZ][iI][pP]$', '')
    return without
end

local first = tonumber(known[4] or '0')
local total = first
for position = 6, #ARGV, 2 do
    local name, number = ARGV[position], whole(total)
    -- Two files of one name would overwrite each other: the later one gets its index in front.
    while redis.call('HSETNX', files, 'name:' .. stem(name), number) == 0 do name = number .. '-' .. name end
    local state = 'queued ' .. (known[7] or '0') .. ' ' .. whole(NOW) .. ' 0'
    redis.call('HSET', files, number, ARGV[position + 1], number .. '.name', name, number .. '.state', state)
    total = total + 1
end
local version = tonumber(expected) + 1
local fields, gone = { 'progress', whole(version) .. '\t0\t' .. attempts .. '\t0' .. rest, 'filesTotal', whole(total) }, {}
local function set(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
end
if cursor ~= '' then set('listingCursor', cursor) elseif known[8] then gone[#gone + 1] = 'listingCursor' end
if status ~= known[2] then
    set('status', status)
    set('history', longer(known[9] or '', NOW - tonumber(known[3]), status, whole(total) .. ' files'))
end
redis.call('HSET', key, unpack(fields))
if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
-- Of a file that failed while the list went on, the last page's reader hears at once.
redis.call('ZADD', DUE, whole(NOW + (known[6] and status == 'PROCESSING' and 0 or delay)), id)
index(id, known[2], status)
return { version, total, tonumber(known[5] or '0') + tonumber(known[6] or '0'), first }
