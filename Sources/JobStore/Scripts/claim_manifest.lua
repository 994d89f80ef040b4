-- Claims a job whose files are all stored or given up, for its manifest.
-- ARGV: id, lease ms, what the attempt counts: 1 when it begins, 0 while it goes on, -1 when it was not its fault
-- Returns {} when there is nothing to do; else NOW, the job's name and its fields, with a new version.

local id, key = ARGV[1], job_key(ARGV[1])
local job = redis.call('HMGET', key, 'status', 'filesTotal', 'filesDone', 'filesFailed', 'progress')
if job[1] ~= 'PROCESSING' or tonumber(job[2] or '0') > tonumber(job[3] or '0') + tonumber(job[4] or '0') then return {} end
redis.call('HSET', key, 'progress', stepped(job[5], 0))
-- Counted at the claim, so that a manifest that kills its worker is bounded too.
if ARGV[3] ~= '0' then redis.call('HINCRBY', key, 'manifestClaims', ARGV[3]) end
redis.call('ZADD', DUE, NOW + tonumber(ARGV[2]), id)
return { NOW, id, redis.call('HGETALL', key) }
