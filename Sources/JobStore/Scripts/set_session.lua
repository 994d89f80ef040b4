-- include: clock, provider_keys
-- Replaces the session of a provider, if it is still what the caller has read.
-- ARGV: version, value
-- Returns: isSet

if (redis.call('HGET', SESSION, 'version') or '0') ~= ARGV[1] then return { 0 } end
redis.call('HSET', SESSION, 'version', whole(tonumber(ARGV[1]) + 1), 'value', ARGV[2])
return { 1 }
