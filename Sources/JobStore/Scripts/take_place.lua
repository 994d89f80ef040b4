-- include: clock, provider_keys
-- An export that runs again takes a place among those in flight, where the provider has such a limit: then the set exists.
-- ARGV: id
-- Returns: isTaken

if redis.call('EXISTS', IN_FLIGHT) == 0 then return { 0 } end
redis.call('ZADD', IN_FLIGHT, whole(NOW), ARGV[1])
return { 1 }
