-- include: clock
-- Orchestrators report here that they are alive, so that each schedules its share of the partitions. KEYS[1] is the sorted set of their
-- names by the time of the last report. The reply is in the order of the names.
-- ARGV: name, timeout
-- Returns: each: name

local timeout = tonumber(ARGV[2])
redis.call('ZADD', KEYS[1], NOW, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', NOW - timeout)
redis.call('PEXPIRE', KEYS[1], timeout * 10)
local names = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(names)
return names
