-- Orchestrators say here that they live, so that each looks after its share of the partitions.
-- KEYS[1]: sorted set of names by when they were last heard of. ARGV: name, timeout ms. Returns the living in the order of their names.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]) * 10)
local names = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(names)
return names
