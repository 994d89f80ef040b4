-- include: clock, provider_keys, outbox
-- Replaces the health of a provider, if it is still what the caller has read. The version is -1 when the caller could not read it; then it
-- is replaced in any case.
-- ARGV: version, value, provider, state, why, actor
-- Returns: isSet

if ARGV[1] == '-1' then
    redis.call('DEL', HEALTH)
elseif (redis.call('HGET', HEALTH, 'version') or '0') ~= ARGV[1] then
    return { 0 }
end
redis.call('HSET', HEALTH, 'version', whole(math.max(tonumber(ARGV[1]), 0) + 1), 'value', ARGV[2])
if ARGV[4] ~= '' then
    tell('breaker', ARGV[3], ARGV[4], ARGV[6], ARGV[5])
    send_told()
end
return { 1 }
