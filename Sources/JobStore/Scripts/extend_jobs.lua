-- The heartbeat of what orchestrators have in hand: moves the timers of jobs forward, if the caller's versions are the present ones.
-- ARGV: lease ms, then job and version of each
-- Returns how many were moved.

local due, extended = NOW + tonumber(ARGV[1]), 0
for base = 2, #ARGV, 2 do
    if string.match(redis.call('HGET', job_key(ARGV[base]), 'progress') or '', '^%d+') == ARGV[base + 1] then
        extended = extended + redis.call('ZADD', DUE, 'XX', 'CH', due, ARGV[base])
    end
end
return extended
