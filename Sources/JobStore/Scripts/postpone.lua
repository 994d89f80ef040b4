-- Takes claims back that nobody could act on: the broker refused their wakes, which is back-pressure, or their provider is not to be
-- asked now. The timers stand, a little later, and the claims do not count.
-- ARGV: delay ms, then job and version of each

local delay = tonumber(ARGV[1])
local postponed = 0
for base = 2, #ARGV, 2 do
    local key = job_key(ARGV[base])
    if redis.call('HGET', key, 'version') == ARGV[base + 1] then
        redis.call('HINCRBY', key, 'claims', -1)
        redis.call('ZADD', DUE, 'XX', NOW + delay, ARGV[base])
        postponed = postponed + 1
    end
end
return postponed
