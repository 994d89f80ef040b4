-- Claims jobs that were taken from a waiting list, for their creation. One that somebody else has, or that is not due yet, stays
-- as it is: the list is only a hint.
-- ARGV: lease ms, then the jobs
-- Returns NOW, then the fields (HGETALL) of each job that was claimed.

local lease = tonumber(ARGV[1])
local jobs = { NOW }
for position = 2, #ARGV do
    local id = ARGV[position]
    local key = job_key(id)
    if redis.call('HGET', key, 'status') == 'PENDING' and redis.call('HDEL', key, 'queued') == 1 then
        redis.call('HINCRBY', key, 'version', 1)
        redis.call('HINCRBY', key, 'claims', 1)
        redis.call('ZADD', DUE, NOW + lease, id)
        jobs[#jobs + 1] = redis.call('HGETALL', key)
    end
end
return jobs
