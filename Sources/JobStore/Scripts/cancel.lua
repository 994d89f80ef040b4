-- include: clock, job_keys, progress, history, job_events
-- Requests the cancellation of a job. Its timer is due at once; an orchestrator then cancels the export and ends the job. While an export
-- is being created, its handle is unknown: then the result of the creation, or the end of its lease, brings the job back.
-- ARGV: id, actor
-- Returns: outcome, status, provider, priority, tenant

local id, key = ARGV[1], job_key(ARGV[1])
local status, progress, queued, request, priority, known, traceparent, history, created = unpack(redis.call('HMGET', key,
    'status', 'progress', 'queued', 'request', 'priority', 'cancel', 'traceparent', 'history', 'createdAt'))
if not status then return { 'unknown' } end
if status == 'COMPLETED' or status == 'FAILED' then return { 'over', status } end
redis.call('HSET', key, 'cancel', '1')
-- Asked again, it is the same request.
if not known then
    history = with_checks(history or '', created, checks_of(progress), last_poll_of(progress))
    progress = without_checks(progress)
    redis.call('HSET', key, 'history', told(id, history, status, NOW - created, '*', 'cancel', ARGV[2]), 'progress', progress)
    tell_of_job('act', id, version_of(progress), request, traceparent, 'cancel', ARGV[2], '')
    send_told()
end
local provider, tenant = parse_request(request)
local reply = { 'asked', status, provider, priority or 'normal', tenant }
if status == 'PENDING' and claims_of(progress) ~= '0' and not queued then return reply end
local planned = planned_for(status, progress)
local is_claimed = planned and planned ~= redis.call('ZSCORE', DUE, id)
if planned and not is_claimed then progress = planned_at(progress, NOW) end
redis.call('HSET', key, 'progress', stepped(progress, is_claimed and 1 or 0))
redis.call('HDEL', key, 'queued')
redis.call('ZADD', DUE, NOW, id)
return reply
