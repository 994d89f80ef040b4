-- Takes claims back: the broker refused their wakes, which is back-pressure. The timers stand, a little later, and the claims that
-- nobody could act on do not count.
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
