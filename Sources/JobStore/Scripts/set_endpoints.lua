-- include: clock, job_keys
-- Says which providers have an endpoint, and which ends of jobs it is told about. One that is disabled stays so until its version changes.
-- ARGV: each: provider, version, statuses
-- Returns: changed

local changed = 0
for base = 1, #ARGV, 3 do
    local provider, version, statuses = ARGV[base], ARGV[base + 1], ARGV[base + 2]
    local known = redis.call('HGET', ENDPOINTS, provider)
    local value = version .. '\t' .. statuses
    if statuses == '' and known then
        redis.call('HDEL', ENDPOINTS, provider, provider .. ':off', provider .. ':skipped')
        changed = changed + 1
    elseif statuses ~= '' and known ~= value then
        redis.call('HDEL', ENDPOINTS, provider .. ':off', provider .. ':skipped')
        redis.call('HSET', ENDPOINTS, provider, value)
        changed = changed + 1
    end
end
return { changed }
