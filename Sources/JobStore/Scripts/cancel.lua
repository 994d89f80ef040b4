-- Asks for the end of a job. Its timer is due, and whoever handles it tells the provider and ends the job. An export that is just
-- being created is waited for, since nobody knows its name yet: the answer, or the lease of whoever asks, brings the job back.
-- ARGV: id
-- Returns {'unknown'}, {'over', status} or {'asked', status, provider, priority, tenant}.

local id, key = ARGV[1], job_key(ARGV[1])
local job = redis.call('HMGET', key, 'status', 'progress', 'queued', 'request', 'priority')
local status, progress = job[1], job[2]
if not status then return { 'unknown' } end
if status == 'COMPLETED' or status == 'FAILED' then return { 'over', status } end
redis.call('HSET', key, 'cancel', '1')
local provider, tenant = requested(job[4])
local asked = { 'asked', status, provider, job[5] or 'normal', tenant }
if status == 'PENDING' and string.match(progress, '^%d+\t(%d+)') ~= '0' and not job[3] then return asked end
local planned = planned_for(status, progress)
local is_claimed = planned and planned ~= redis.call('ZSCORE', DUE, id)
if planned and not is_claimed then progress = planned_at(progress, NOW) end
redis.call('HSET', key, 'progress', stepped(progress, is_claimed and 1 or 0))
redis.call('HDEL', key, 'queued')
redis.call('ZADD', DUE, NOW, id)
return asked
