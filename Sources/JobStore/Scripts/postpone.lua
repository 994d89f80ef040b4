-- Takes claims back that nobody could act on: the broker refused their wakes, which is back-pressure, or their provider is not to be
-- asked now. The timers stand, a little later, and the claims do not count. The versions are new: a wake that was published all the same,
-- only not confirmed, is stale.
-- ARGV: delay ms, then job and version of each

local delay = tonumber(ARGV[1])
local postponed = 0
for base = 2, #ARGV, 2 do
    local key = job_key(ARGV[base])
    local status, progress = unpack(redis.call('HMGET', key, 'status', 'progress'))
    local version, claims = string.match(progress or '', '^(%d+)\t(%d+)\t')
    if version == ARGV[base + 1] and status ~= 'COMPLETED' and status ~= 'FAILED' then
        if claims == '0' and status == 'POLLING' then progress = planned_at(progress, NOW + delay) end
        -- A decision in between has taken other claims back already: a page that was listed, an export that was found ready.
        redis.call('HSET', key, 'progress', stepped(progress, claims == '0' and 0 or -1))
        redis.call('ZADD', DUE, 'XX', NOW + delay, ARGV[base])
        postponed = postponed + 1
    end
end
return postponed
