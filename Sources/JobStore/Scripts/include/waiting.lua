-- include: provider_keys
-- The waiting lists of a provider: one for each priority and tenant, ordered by the time since when a job waits.

-- Adds jobs to a list. `jobs`: for each job since when it waits, and its id. A tenant that joins, or joins again, takes a turn after the
-- one that is being served: unused turns are not kept, so a tenant that always has one job waiting does not overtake those with many.
local function join_line(priority, tenant, jobs)
    redis.call('ZADD', waiting_key(priority, tenant), 'NX', unpack(jobs))
    redis.call('ZADD', tenants_key(priority), 'NX', tonumber(redis.call('HGET', TURNS, priority) or '0') + 1, tenant)
end

local function leave_line(priority, tenant, id)
    local key = waiting_key(priority, tenant)
    local removed = redis.call('ZREM', key, id)
    if redis.call('EXISTS', key) == 0 then redis.call('ZREM', tenants_key(priority), tenant) end
    return removed
end
