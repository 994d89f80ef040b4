-- include: clock, job_keys, progress
-- Withdraws claims that could not be handled: the broker refused their wakes, or their provider must not be asked now. Their timers fire
-- after the delay, and the claims do not count. Each version rises, so that a wake that was published but not confirmed is stale.
-- ARGV: delay; each: id, version
-- Returns: postponed

local delay = tonumber(ARGV[1])
local postponed = 0
for base = 2, #ARGV, 2 do
    local id, expected = ARGV[base], ARGV[base + 1]
    local key = job_key(id)
    local status, progress = unpack(redis.call('HMGET', key, 'status', 'progress'))
    if version_of(progress) == expected and status ~= 'COMPLETED' and status ~= 'FAILED' then
        local is_claimed = claims_of(progress) ~= '0'
        if not is_claimed and status == 'POLLING' then progress = planned_at(progress, NOW + delay) end
        -- Without claims there is nothing to take back: a decision in between has done so.
        redis.call('HSET', key, 'progress', stepped(progress, is_claimed and -1 or 0))
        redis.call('ZADD', DUE, 'XX', NOW + delay, id)
        postponed = postponed + 1
    end
end
return { postponed }
