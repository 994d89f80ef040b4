-- An attempt at a file failed: it is tried again after a delay, or given up. What that means for the job is decided by whoever
-- handles the job's timer, which is due then.
-- ARGV: id, file, attempt, delay ms (-1: no further attempt), code, message, 1 if the attempt shall not count (its worker
--   was shut down in order, and has ended its transfer; or the other side asked to come later)
-- Returns 1, or 0 when the lease is lost.

local id, file, delay = ARGV[1], ARGV[2], tonumber(ARGV[4])
local key, files, member = job_key(id), files_key(id), ARGV[1] .. '#' .. ARGV[2]
local state = redis.call('HGET', files, file .. '.state')
local kind, attempts = string.match(state or '', '^(%a+) (%d+)')
if attempts == ARGV[3] and kind == (delay < 0 and 'failed' or 'backoff') then return 1 end
if attempts ~= ARGV[3] or (kind ~= 'leased' and not (delay < 0 and kind == 'queued')) then return 0 end
local job = redis.call('HMGET', key, 'status', 'createdAt')
if job[1] ~= 'READY' and job[1] ~= 'PROCESSING' then return 0 end

remember(id, tonumber(job[2]), '!', 'file ' .. file .. ' attempt ' .. attempts .. ' ' .. ARGV[5])
if delay >= 0 then
    -- The attempt's number is the fencing token, and is never given out twice.
    if ARGV[7] == '1' then redis.call('HINCRBY', files, file .. '.uncounted', 1) end
    redis.call('HSET', files, file .. '.state', 'backoff ' .. attempts)
    redis.call('ZADD', DUE, NOW + delay, member)
    return 1
end
redis.call('ZREM', DUE, member)
redis.call('HSET', files, file .. '.state', 'failed ' .. attempts, file .. '.error', ARGV[5] .. ' ' .. ARGV[6])
redis.call('HINCRBY', key, 'filesFailed', 1)
redis.call('HSETNX', key, 'fileError', ARGV[5] .. ' ' .. ARGV[6])
if job[1] == 'PROCESSING' then redis.call('ZADD', DUE, NOW, id) end
return 1
