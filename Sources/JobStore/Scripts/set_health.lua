-- Replaces what is known of a provider's health, if it is still what the caller has read.
-- ARGV: version that was read, new value
-- Returns 1, or 0 when somebody else was faster.

local key = TAG .. 'health'
if (redis.call('HGET', key, 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', key, 'version', whole(tonumber(ARGV[1]) + 1), 'value', ARGV[2])
return 1
