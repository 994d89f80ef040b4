-- Claims a file for its transfer: counts the attempt, which is also the fencing token, and starts the lease.
-- ARGV: id, file, lease ms, most attempts
-- Returns {what}: 'gone' (no such job or file, or the job is over), 'done', 'failed', 'leased' (somebody has it), 'early' (its backoff
--   is not over), 'exhausted' (attempts used up); or {'claimed', attempt, name, description, NOW,
--   job's fields, attempts that did not count}

local id, file, lease, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local job = redis.call('HMGET', job_key(id), 'status', 'attemptsBase')
local status = job[1]
if status ~= 'READY' and status ~= 'PROCESSING' then return { 'gone' } end
local stored = redis.call('HMGET', files_key(id), file .. '.state', file .. '.name', file, file .. '.uncounted')
local uncounted = tonumber(stored[4] or '0')
local kind, attempts = string.match(stored[1] or '', '^(%a+) (%d+)')
if not kind then return { 'gone' } end
if kind == 'done' or kind == 'failed' then return { kind } end

local member = id .. '#' .. file
local due = redis.call('ZSCORE', DUE, member)
if due and tonumber(due) > NOW then return { kind == 'leased' and 'leased' or 'early' } end
if tonumber(attempts) - tonumber(job[2] or '0') - uncounted >= limit then
    return { 'exhausted', tonumber(attempts), stored[2], stored[3], NOW, redis.call('HGETALL', job_key(id)), uncounted }
end
attempts = tonumber(attempts) + 1
redis.call('HSET', files_key(id), file .. '.state', 'leased ' .. whole(attempts))
redis.call('ZADD', DUE, NOW + lease, member)
return { 'claimed', attempts, stored[2], stored[3], NOW, redis.call('HGETALL', job_key(id)), uncounted }
