-- The watchdog's look at a job's files: those that wait for a message which may be lost (a purged queue) are to be published
-- anew. Each time the wait doubles, up to eightfold, so that a long queue does not fill up with copies.
-- ARGV: id, first file, how many to look at, watchdog ms
-- Returns the indices.

local id, first, many, watchdog = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local status = redis.call('HGET', job_key(id), 'status')
if status ~= 'READY' and status ~= 'PROCESSING' then return {} end
local files = files_key(id)
local names = {}
for index = first, first + many - 1 do names[#names + 1] = whole(index) .. '.state' end
local states = redis.call('HMGET', files, unpack(names))
local orphans = {}
for position = 1, #names do
    local attempts, since, copies = string.match(states[position] or '', '^queued (%d+) (%d+) (%d+)$')
    if attempts and NOW - tonumber(since) >= watchdog * 2 ^ math.min(tonumber(copies), 3) then
        redis.call('HSET', files, names[position], 'queued ' .. attempts .. ' ' .. whole(NOW) .. ' ' .. whole(tonumber(copies) + 1))
        orphans[#orphans + 1] = first + position - 1
    end
end
return orphans
