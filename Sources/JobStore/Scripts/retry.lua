-- Takes a failed job up again, as the state machine decided.
-- ARGV: id, version, new status, creation, 1 if an earlier create may have taken effect, detail for the history
-- Returns the new version, or -1 (stale, or not failed).

local id, expected, status, creation = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key, files = job_key(id), files_key(id)
local job = redis.call('HMGET', key, 'progress', 'status', 'createdAt', 'filesTotal', 'filesFailed')
local present, polled = string.match(job[1] or '', '^(%d+)\t.*\t(%d+)\t%d+$')
if present ~= expected or job[2] ~= 'FAILED' then return -1 end
local version = whole(tonumber(expected) + 1)

redis.call('HDEL', key, 'checks', 'errorCode', 'errorMessage', 'resumeAt', 'recreations', 'expiresAt', 'filesFailed', 'fileError',
    'createIsUncertain', 'since', 'manifestClaims')
redis.call('HSET', key, 'progress', version .. '\t0\t0\t0\t0\t' .. polled .. '\t' .. (status == 'POLLING' and whole(NOW) or '0'),
    'status', status)
if creation ~= '0' then redis.call('HSET', key, 'creation', creation) end
if ARGV[5] == '1' then redis.call('HSET', key, 'createIsUncertain', '1') end
redis.call('PERSIST', key)
redis.call('PERSIST', files)

-- Files are looked at some hundred at a time: a job may have a hundred thousand.
local PAGE = 200
local function pages(body)
    for first = 0, tonumber(job[4] or '0') - 1, PAGE do
        local last = math.min(first + PAGE, tonumber(job[4])) - 1
        local names = {}
        for index = first, last do names[#names + 1] = whole(index) .. '.state' end
        body(first, redis.call('HMGET', files, unpack(names)))
    end
end

-- Attempts are fencing tokens: they go on after the highest, and only those from there on are counted. Nobody who had a file has it
-- still, whatever it does next.
local highest = 0
pages(function(first, states)
    local timers = {}
    for position, state in ipairs(states) do
        highest = math.max(highest, tonumber(string.match(state or '', '^%a+ (%d+)') or '0'))
        timers[position] = id .. '#' .. whole(first + position - 1)
    end
    redis.call('ZREM', DUE, unpack(timers))
end)
local base = tonumber(redis.call('HGET', key, 'attemptsBase') or '0')
if highest > 0 then base = math.max(base, highest + 1) end
if base > 0 then redis.call('HSET', key, 'attemptsBase', whole(base)) end

if status == 'PENDING' then
    redis.call('HDEL', key, 'export', 'listingCursor', 'filesTotal', 'filesDone')
    redis.call('UNLINK', files)
else
    redis.call('HSET', key, 'since', whole(NOW))
    -- Files that are not stored begin again, with all their attempts; the watchdog publishes them at once.
    pages(function(first, states)
        local set, gone = {}, {}
        for position, state in ipairs(states) do
            if state and string.sub(state, 1, 4) ~= 'done' then
                local name = whole(first + position - 1)
                set[#set + 1] = name .. '.state'
                set[#set + 1] = 'queued ' .. whole(base) .. ' 0 0'
                gone[#gone + 1] = name .. '.error'
                gone[#gone + 1] = name .. '.uncounted'
            end
        end
        if #set > 0 then
            redis.call('HSET', files, unpack(set))
            redis.call('HDEL', files, unpack(gone))
        end
    end)
end
redis.call('ZADD', DUE, NOW, id)
index(id, 'FAILED', status)
remember(id, tonumber(job[3]), status, ARGV[6])
return tonumber(version)
