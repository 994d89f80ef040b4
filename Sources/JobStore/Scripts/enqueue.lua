-- Puts jobs into a provider's waiting lists, one for each priority and tenant. One that stands there already stays where it is.
-- ARGV: for each job: priority, tenant, createdAt, job

for base = 1, #ARGV, 4 do
    local priority, tenant = ARGV[base], ARGV[base + 1]
    redis.call('ZADD', waiting_key(priority, tenant), 'NX', tonumber(ARGV[base + 2]), ARGV[base + 3])
    -- Who comes anew, or again, takes a turn after the one that is being served: turns that were not used are not kept, and who
    -- always has one job waiting does not come before those who have many.
    redis.call('ZADD', tenants_key(priority), 'NX', tonumber(redis.call('HGET', TURNS, priority) or '0') + 1, tenant)
end
return #ARGV / 4
