-- Asks for the end of a job. Its timer is due, and whoever handles it tells the provider and ends the job. An export that is just
-- being created is waited for, since nobody knows its name yet: the answer, or the lease of whoever asks, brings the job back.
-- ARGV: id
-- Returns {'unknown'}, {'over', status} or {'asked', status, provider, priority, tenant}.

local id, key = ARGV[1], job_key(ARGV[1])
local job = redis.call('HMGET', key, 'status', 'claims', 'queued', 'provider', 'priority', 'tenant')
local asked = { 'asked', job[1] or '', job[4] or '', job[5] or 'normal', job[6] or 'default' }
local status = job[1]
if not status then return { 'unknown' } end
if status == 'COMPLETED' or status == 'FAILED' then return { 'over', status } end
redis.call('HSET', key, 'cancel', '1')
if status == 'PENDING' and job[2] and not job[3] then return asked end
redis.call('HINCRBY', key, 'version', 1)
redis.call('HDEL', key, 'queued')
redis.call('ZADD', DUE, NOW, id)
return asked
