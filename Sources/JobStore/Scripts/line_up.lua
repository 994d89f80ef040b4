-- include: download_keys
-- Puts a job that has listed files into the download line, behind the other jobs of its tenant. A tenant that joins takes a turn after the
-- one that is being served. A job that stands there keeps its place, which gets a mark: somebody may have found no listed file of it before
-- these were stored, and must not take it out.
-- ARGV: priority, tenant, id
-- Returns: joined

local priority, tenant, id = ARGV[1], ARGV[2], ARGV[3]
local key = line_key(priority, tenant)
local place = redis.call('ZSCORE', key, id)
if place then
    redis.call('ZADD', key, string.format('%.1f', math.floor(tonumber(place)) + 0.5), id)
    return { 0 }
end
redis.call('ZADD', key, redis.call('HINCRBY', TURNS, 'place', 1), id)
redis.call('ZADD', tenants_key(priority), 'NX', tonumber(redis.call('HGET', TURNS, priority) or '0') + 1, tenant)
redis.call('HINCRBY', TURNS, 'jobs:' .. priority, 1)
return { 1 }
