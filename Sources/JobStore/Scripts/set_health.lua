-- Replaces what is known of a provider's health, if it is still what the caller has read.
-- ARGV: version that was read (-1: it could not be read, and is replaced), new value
-- Returns 1, or 0 when somebody else was faster.

local key = TAG .. 'health'
if ARGV[1] == '-1' then
    redis.call('DEL', key)
elseif (redis.call('HGET', key, 'version') or '0') ~= ARGV[1] then
    return 0
end
redis.call('HSET', key, 'version', whole(math.max(tonumber(ARGV[1]), 0) + 1), 'value', ARGV[2])
return 1
