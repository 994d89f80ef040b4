-- include: clock, job_keys, progress, history, index, job_events, file_state
-- Continues a failed job as the job machine decided. The file machine decided which files start again, by the word of their state; in the
-- state that they get, `base` stands for the token after which they continue.
-- ARGV: id, version, status, creation, createIsUncertain, detail, actor; each: word, state
-- Returns: version

local id, expected, status, creation = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key, files = job_key(id), files_key(id)
local job = redis.call('HMGET', key, 'progress', 'status', 'createdAt', 'filesTotal', 'attemptsBase', 'history', 'request', 'traceparent')
local version, _, last_poll = parse_progress(job[1])
if version ~= expected or job[2] ~= 'FAILED' then return { -1 } end
version = tonumber(version) + 1

redis.call('HDEL', key, 'errorCode', 'errorMessage', 'resumeAt', 'recreations', 'expiresAt', 'filesFailed', 'fileError',
    'createIsUncertain', 'since', 'manifestClaims', 'filesPublished')
redis.call('HSET', key, 'progress', decided(version, '0\t0\t0', last_poll, status == 'POLLING' and whole(NOW) or '0'), 'status', status,
    'history', told(id, with_line(job[6] or '', NOW - tonumber(job[3]), '*', 'retry', ARGV[7]), status, NOW - tonumber(job[3]), status,
        ARGV[6], ARGV[7]))
if creation ~= '0' then redis.call('HSET', key, 'creation', creation) end
if ARGV[5] == '1' then redis.call('HSET', key, 'createIsUncertain', '1') end
redis.call('PERSIST', key)
redis.call('PERSIST', files)

-- Runs `body` on the states of some hundred files at a time: a job may have a hundred thousand.
local PAGE, total = 200, tonumber(job[4] or '0')
local function each_page(body)
    for first = 0, total - 1, PAGE do
        local names = {}
        for file = first, math.min(first + PAGE, total) - 1 do names[#names + 1] = whole(file) .. '.state' end
        body(first, redis.call('HMGET', files, unpack(names)))
    end
end

-- Tokens fence: they continue after the highest, so that nobody who had a file still has it, and a message that was published before has an
-- older token than every later one. Only attempts after it are counted.
local highest = 0
each_page(function(first, states)
    local timers = {}
    for position, state in ipairs(states) do
        highest = math.max(highest, tonumber(string.match(state or '', '^%a+ (%d+)') or '0'))
        timers[position] = file_timer(id, whole(first + position - 1))
    end
    redis.call('ZREM', DUE, unpack(timers))
end)
local base = tonumber(job[5] or '0')
if total > 0 then base = math.max(base, highest + 1) end
if base > 0 then redis.call('HSET', key, 'attemptsBase', whole(base)) end

local restarted = {}
for position = 8, #ARGV, 2 do
    restarted[ARGV[position]] = stored_state((string.gsub(ARGV[position + 1], ' base', ' ' .. whole(base))))
end

if status == 'PENDING' then
    redis.call('HDEL', key, 'export', 'listingCursor', 'readyPage', 'filesTotal', 'filesDone')
    redis.call('UNLINK', files)
else
    redis.call('HSET', key, 'since', whole(NOW))
    each_page(function(first, states)
        local values, gone = {}, {}
        for position, state in ipairs(states) do
            local next_state = restarted[string.match(state or '', '^%a+')]
            if next_state then
                local file = whole(first + position - 1)
                values[#values + 1] = file .. '.state'
                values[#values + 1] = next_state
                gone[#gone + 1] = file .. '.error'
                gone[#gone + 1] = file .. '.uncounted'
                gone[#gone + 1] = file .. '.deferred'
            end
        end
        if #values > 0 then
            redis.call('HSET', files, unpack(values))
            redis.call('HDEL', files, unpack(gone))
        end
    end)
end
redis.call('ZADD', DUE, NOW, id)
tell_of_job('act', id, version, job[7], job[8], 'retry', ARGV[7], ARGV[6])
tell_status(id, version, job[7], job[8], 'FAILED', status, ARGV[6])
send_told()
move_index(id, 'FAILED', status, provider_of(job[7]))
store_counts()
return { version }
