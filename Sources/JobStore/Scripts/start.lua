-- Claims jobs that were taken from a waiting list, for their creation. One that somebody else has, or that is not due yet, stays
-- as it is: the list is only a hint.
-- ARGV: lease ms, then the jobs
-- Returns NOW, then name and fields (HGETALL) of each job that was claimed.

local UNTIL = whole(NOW + tonumber(ARGV[1]))
local jobs, timers = { NOW }, {}

-- One command for many; `unpack` is bounded.
local function flush()
    if #timers > 0 then redis.call('ZADD', DUE, unpack(timers)) end
    timers = {}
end

for position = 2, #ARGV do
    local id = ARGV[position]
    local key = job_key(id)
    local known = redis.call('HMGET', key, 'status', 'progress')
    if known[1] == 'PENDING' and redis.call('HDEL', key, 'queued') == 1 then
        redis.call('HSET', key, 'progress', stepped(known[2], 1))
        timers[#timers + 1] = UNTIL
        timers[#timers + 1] = id
        jobs[#jobs + 1] = id
        jobs[#jobs + 1] = redis.call('HGETALL', key)
        if #timers >= 1000 then flush() end
    end
end
flush()
return jobs
