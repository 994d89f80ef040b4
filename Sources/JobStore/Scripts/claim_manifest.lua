-- Claims a job whose files are all stored or given up, for its manifest.
-- ARGV: id, lease ms
-- Returns {} when there is nothing to do; else NOW and the job's fields, with a new version.

local id, key = ARGV[1], job_key(ARGV[1])
local job = redis.call('HMGET', key, 'status', 'filesTotal', 'filesDone', 'filesFailed')
if job[1] ~= 'PROCESSING' or tonumber(job[2] or '0') > tonumber(job[3] or '0') + tonumber(job[4] or '0') then return {} end
redis.call('HINCRBY', key, 'version', 1)
redis.call('ZADD', DUE, NOW + tonumber(ARGV[2]), id)
return { NOW, redis.call('HGETALL', key) }
