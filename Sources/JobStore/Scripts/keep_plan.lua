-- include: clock, provider_keys
-- Keeps a version of a provider file, and forgets those that were not used for the longest time.
-- ARGV: limit, version, text
-- Returns: removed

local limit, version = tonumber(ARGV[1]), ARGV[2]
redis.call('HSET', PLANS, 'text:' .. version, ARGV[3], 'used:' .. version, whole(NOW))
local surplus = redis.call('HLEN', PLANS) / 2 - limit
local removed = 0
while removed < surplus do
    local oldest, since
    local fields = redis.call('HGETALL', PLANS)
    for position = 1, #fields, 2 do
        local name = string.match(fields[position], '^used:(.*)$')
        local used = name and tonumber(fields[position + 1])
        if used and (not since or used < since) then oldest, since = name, used end
    end
    redis.call('HDEL', PLANS, 'text:' .. oldest, 'used:' .. oldest)
    removed = removed + 1
end
return { removed }
