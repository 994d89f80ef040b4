-- include: clock, job_keys, progress, history, file_state
-- Claims a job whose files are all stored or given up, for its manifest. The claim counts the attempt, so that a manifest that kills its
-- worker is bounded too. `counting`: 1 when an attempt begins, 0 while it continues, -1 when it failed by no fault of its own.
-- `export`: the creation and the attemptsBase of the claim that goes on; empty for a new claim. A retry or a new export in between ends it.
-- ARGV: id, lease, counting, export, actor
-- Returns: now; each: id, job

local id, lease, counting, export = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local key = job_key(id)
local status, total, done, failed, progress, creation, base = unpack(redis.call('HMGET', key, 'status', 'filesTotal', 'filesDone',
    'filesFailed', 'progress', 'creation', 'attemptsBase'))
if not has_all_files(status, total, done, failed) then return { NOW } end
if export ~= '' and export ~= (creation or '0') .. ' ' .. (base or '0') then return { NOW } end
redis.call('HSET', key, 'progress', stepped(progress, 0))
if counting ~= '0' then redis.call('HINCRBY', key, 'manifestClaims', counting) end
if counting == '1' then
    local history, created = unpack(redis.call('HMGET', key, 'history', 'createdAt'))
    redis.call('HSET', key, 'history', told(id, history or '', status, NOW - created, '>', 'manifest', ARGV[5]))
end
redis.call('ZADD', DUE, NOW + lease, id)
return { NOW, id, redis.call('HGETALL', key) }
