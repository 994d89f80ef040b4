-- An attempt at a file failed: it is tried again after a delay, or the job fails with it.
-- ARGV: id, file, attempt, delay ms (-1: no further attempt), code, message, keep ms, 1 if the attempt shall not count (its worker
--   was shut down in order, and has ended its transfer)
-- Returns 1, or 0 when the lease is lost.

local id, file, delay = ARGV[1], ARGV[2], tonumber(ARGV[4])
local key, files, member = job_key(id), files_key(id), ARGV[1] .. '#' .. ARGV[2]
local state = redis.call('HGET', files, file .. '.state')
local kind, attempts = string.match(state or '', '^(%a+) (%d+)')
if attempts ~= ARGV[3] or (kind ~= 'leased' and not (delay < 0 and kind == 'queued')) then return 0 end
local job = redis.call('HMGET', key, 'status', 'createdAt', 'priority')
if job[1] ~= 'READY' and job[1] ~= 'PROCESSING' then return 0 end

remember(id, tonumber(job[2]), '!', 'file ' .. file .. ' attempt ' .. attempts .. ' ' .. ARGV[5])
if delay >= 0 then
    if ARGV[8] == '1' then attempts = whole(tonumber(attempts) - 1) end
    redis.call('HSET', files, file .. '.state', 'backoff ' .. attempts)
    redis.call('ZADD', DUE, NOW + delay, member)
    return 1
end
redis.call('ZREM', DUE, member)
redis.call('HSET', key, 'status', 'FAILED', 'errorCode', ARGV[5], 'errorMessage', ARGV[6])
redis.call('HINCRBY', key, 'version', 1)
count(id, job[1], 'FAILED')
remember(id, tonumber(job[2]), 'FAILED', ARGV[5])
finish(id, 'FAILED', job[3] or 'normal', tonumber(ARGV[7]))
return 1
