-- Takes claims back that nobody could act on: the broker refused their wakes, which is back-pressure, or their provider is not to be
-- asked now. The timers stand, a little later, and the claims do not count.
-- ARGV: delay ms, then job and version of each

local delay = tonumber(ARGV[1])
local postponed = 0
for base = 2, #ARGV, 2 do
    local key = job_key(ARGV[base])
    local job = redis.call('HMGET', key, 'version', 'claims')
    if job[1] == ARGV[base + 1] then
        -- A decision in between has taken the claim back already: a page that was listed, an export that was found ready.
        if tonumber(job[2] or '0') > 0 then redis.call('HINCRBY', key, 'claims', -1) end
        redis.call('ZADD', DUE, 'XX', NOW + delay, ARGV[base])
        postponed = postponed + 1
    end
end
return postponed
