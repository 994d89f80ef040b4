-- Takes a job out of its waiting list.
-- ARGV: priority, tenant, job

local key = waiting_key(ARGV[1], ARGV[2])
local removed = redis.call('ZREM', key, ARGV[3])
if redis.call('EXISTS', key) == 0 then redis.call('ZREM', tenants_key(ARGV[1]), ARGV[2]) end
return removed
