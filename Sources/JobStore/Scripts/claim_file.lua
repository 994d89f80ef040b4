-- Claims a file for its transfer: counts the attempt, which is also the fencing token, and starts the lease.
-- ARGV: id, file, lease ms, most attempts
-- Returns {what}: 'gone' (no such job or file, or the job is over), 'done', 'failed', 'leased' (somebody has it), 'early' (its backoff
--   is not over), 'exhausted' (attempts used up); or {'claimed', attempt, name, description, NOW,
--   job's fields, attempts that did not count}

local id, file, lease, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local fields = redis.call('HGETALL', job_key(id))
local status, base
for position = 1, #fields, 2 do
    if fields[position] == 'status' then status = fields[position + 1] end
    if fields[position] == 'attemptsBase' then base = fields[position + 1] end
end
if status ~= 'READY' and status ~= 'PROCESSING' then return { 'gone' } end
local stored = redis.call('HMGET', files_key(id), file .. '.state', file .. '.name', file, file .. '.uncounted')
local uncounted = tonumber(stored[4] or '0')
local kind, attempts = string.match(stored[1] or '', '^(%a+) (%d+)')
if not kind then return { 'gone' } end
if kind == 'done' or kind == 'failed' then return { kind } end

local member = id .. '#' .. file
-- What is queued has no timer.
local due = kind ~= 'queued' and redis.call('ZSCORE', DUE, member)
if due and tonumber(due) > NOW then return { kind == 'leased' and 'leased' or 'early' } end
if tonumber(attempts) - tonumber(base or '0') - uncounted >= limit then
    return { 'exhausted', tonumber(attempts), stored[2], stored[3], NOW, fields, uncounted }
end
attempts = tonumber(attempts) + 1
redis.call('HSET', files_key(id), file .. '.state', 'leased ' .. whole(attempts))
redis.call('ZADD', DUE, whole(NOW + lease), member)
return { 'claimed', attempts, stored[2], stored[3], NOW, fields, uncounted }
