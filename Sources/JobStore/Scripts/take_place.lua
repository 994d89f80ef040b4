-- include: tenant_limits
-- An export that runs again takes a place among those in flight, where the provider has such a limit.
-- ARGV: id, tenant
-- Returns: isTaken

local counted = redis.call('HMGET', TURNS, 'places', 'tenantPlaces')
if not counted[1] then return { 0 } end
redis.call('ZADD', IN_FLIGHT, whole(NOW), ARGV[1])
if counted[2] then add_tenant_place(ARGV[2], ARGV[1]) end
return { 1 }
