-- Takes a failed job up again, as the state machine decided.
-- ARGV: id, version, new status, creation, 1 if an earlier create may have taken effect, detail for the history
-- Returns the new version, or -1 (stale, or not failed).

local id, expected, status, creation = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key, files = job_key(id), files_key(id)
local job = redis.call('HMGET', key, 'version', 'status', 'createdAt', 'filesTotal', 'filesFailed')
if job[1] ~= expected or job[2] ~= 'FAILED' then return -1 end
local version = whole(tonumber(expected) + 1)

redis.call('HDEL', key, 'errorCode', 'errorMessage', 'resumeAt', 'failures', 'unknownStatuses', 'claims', 'recreations', 'expiresAt',
    'filesFailed', 'fileError', 'createIsUncertain', 'since')
redis.call('HSET', key, 'version', version, 'status', status, 'attempts', '0')
if creation ~= '0' then redis.call('HSET', key, 'creation', creation) end
if ARGV[5] == '1' then redis.call('HSET', key, 'createIsUncertain', '1') end
redis.call('PERSIST', key)
redis.call('PERSIST', files)

-- Attempts are fencing tokens: they go on after the highest, and only those from there on are counted. Nobody who had a file has it
-- still, whatever it does next.
local highest = 0
for index = 0, tonumber(job[4] or '0') - 1 do
    local attempts = string.match(redis.call('HGET', files, whole(index) .. '.state') or '', '^%a+ (%d+)')
    highest = math.max(highest, tonumber(attempts or '0'))
    redis.call('ZREM', DUE, id .. '#' .. whole(index))
end
local base = tonumber(redis.call('HGET', key, 'attemptsBase') or '0')
if highest > 0 then base = math.max(base, highest + 1) end
if base > 0 then redis.call('HSET', key, 'attemptsBase', whole(base)) end

if status == 'PENDING' then
    redis.call('HDEL', key, 'export', 'listingCursor', 'filesTotal', 'filesDone')
    redis.call('UNLINK', files)
else
    redis.call('HSET', key, 'since', whole(NOW))
    -- Files that are not stored begin again, with all their attempts; the watchdog publishes them at once.
    for index = 0, tonumber(job[4] or '0') - 1 do
        local field = whole(index) .. '.state'
        local state = redis.call('HGET', files, field)
        if state and string.sub(state, 1, 4) ~= 'done' then
            redis.call('HSET', files, field, 'queued ' .. whole(base) .. ' 0 0')
            redis.call('HDEL', files, whole(index) .. '.error')
        end
    end
end
redis.call('ZADD', DUE, NOW, id)
count(id, 'FAILED', status)
remember(id, tonumber(job[3]), status, ARGV[6])
return tonumber(version)
