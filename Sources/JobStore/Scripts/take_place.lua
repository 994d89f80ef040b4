-- include: tenant_limits
-- An export that runs again takes a place among those in flight, where the provider has such a limit: then the set exists.
-- ARGV: id, tenant
-- Returns: isTaken

if redis.call('EXISTS', IN_FLIGHT) == 0 then return { 0 } end
redis.call('ZADD', IN_FLIGHT, whole(NOW), ARGV[1])
if redis.call('HGET', TURNS, 'tenantPlaces') == '1' then add_tenant_place(ARGV[2], ARGV[1]) end
return { 1 }
