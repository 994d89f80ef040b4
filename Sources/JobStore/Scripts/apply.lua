-- include: clock, job_keys, progress, history, index, job_events, webhooks
-- Stores decisions of the job machine. Fields, timer, index, counter and history of a job change together, and only if the caller knows
-- the job's current version. A job occurs once at most.
-- ARGV: keep, actor; each: id, version, status, delay, counts, what, detail, marks, fields; nested: field, value
-- Returns: each: version

local NOW_TEXT = whole(NOW)

local function set(fields, field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
end

-- The end of a job: it has no timer, and its record expires. A file's timer is removed when it fires. A failed job keeps its files for a
-- retry.
local keep, actor, ended = tonumber(ARGV[1]), ARGV[2], {}
local function finish(id, key, status)
    redis.call('ZREM', DUE, id)
    if status == 'FAILED' then redis.call('PEXPIRE', files_key(id), keep) else redis.call('UNLINK', files_key(id)) end
    redis.call('PEXPIRE', key, keep)
    archive(id)
    ended[status] = (ended[status] or 0) + 1
end

-- Removes jobs from the index whose records have expired: `many` at most, which is more than are added to it.
local function trim(status, many)
    local old = redis.call('ZRANGEBYSCORE', index_key(status), '-inf', NOW - keep, 'LIMIT', 0, many)
    for _, member in ipairs(old) do
        local id, provider = string.match(member, '^([^\t]*)\t(.*)$')
        -- The job may have ended while records were kept for longer, or may have been submitted again.
        if redis.call('HGET', job_key(id), 'status') ~= status then
            redis.call('ZREM', index_key(status), member)
            count_jobs(status, provider, -1)
        end
    end
end

local versions, timers = {}, {}
local function move_timer(due, id)
    timers[#timers + 1] = due
    timers[#timers + 1] = id
end

-- A status check that found the export not ready, the most frequent change by far, reads and writes the least. The version tells the status.
-- Returns the new version, or -1.
local function note_check(id, expected, delay, counts, what, detail)
    local key = job_key(id)
    local progress = redis.call('HGET', key, 'progress')
    if not has_version(progress, expected) then return -1 end
    local version, due = expected + 1, whole(NOW + delay)
    local checks = with_check(progress, what, delay, detail)
    if #checks > CHECKS_LIMIT then checks = move_checks(id, key, checks) end
    redis.call('HSET', key, 'progress', decided(version, counts, NOW_TEXT, due, nil, checks))
    move_timer(due, id)
    return version
end

-- Adds the fields that the caller decided to `fields`, and those that it removes to `gone`. Returns the code and message of an error.
local function set_given(key, created, fields, gone, first, number)
    local error_text = nil
    for position = first, first + number * 2 - 1, 2 do
        local field, value = ARGV[position], ARGV[position + 1]
        if field == 'errorCode' then error_text = value .. ' ' .. (ARGV[position + 3] or '') end
        if field == 'answers' then value = with_answer(redis.call('HGET', key, 'answers'), NOW - created, value) end
        if value == '' then gone[#gone + 1] = field else set(fields, field, value) end
    end
    return error_text
end

-- Returns the new version and, with another status, its times; or -1.
local function store(id, expected, status, delay, counts, what, detail, marks, first, number)
    local key = job_key(id)
    local before, progress, history, created, cancel, queued, cursor, since, request, traceparent = unpack(redis.call('HMGET', key,
        'status', 'progress', 'history', 'createdAt', 'cancel', 'queued', 'listingCursor', 'since', 'request', 'traceparent'))
    local _, _, polled, planned = parse_progress(progress)
    if not polled or not has_version(progress, expected) or before == 'COMPLETED' or before == 'FAILED' then return -1 end
    local fields, gone, checks = {}, {}, checks_of(progress)
    if status ~= before then set(fields, 'status', status) end
    if string.byte(what) == 126 then -- `~`
        checks = with_check(progress, what, delay, detail)
        if #checks > CHECKS_LIMIT then checks = move_checks(id, key, checks) end
    elseif what ~= '' then
        history = with_checks(history, created, checks, polled)
        set(fields, 'history', told(id, history, status, NOW - created, what_next(what, delay), detail, actor))
        checks = nil
    end
    local error_text = set_given(key, created, fields, gone, first, number)
    if before == 'PENDING' then
        -- A create that outlived its lease has put the job back into the waiting list, which must not cut its backoff short.
        if queued then gone[#gone + 1] = 'queued' end
        if status == 'POLLING' then set(fields, 'since', NOW_TEXT) end
    elseif status == 'PENDING' then
        gone[#gone + 1] = 'since'
    end
    local is_end = delay == '-1'
    -- The job was cancelled while its export was being created.
    if not is_end and before == 'PENDING' and cancel then delay = '0' end
    local due = is_end and '0' or whole(NOW + delay)
    if string.find(marks, 'check', 1, true) then polled = NOW_TEXT end
    if status == 'POLLING' or is_end then planned = due end
    if is_end then
        set(fields, 'expiresAt', whole(NOW + keep))
        if cancel then gone[#gone + 1] = 'cancel' end
        if cursor and status == 'COMPLETED' then gone[#gone + 1] = 'listingCursor' end
    end
    local version, deferred = expected + 1, nil
    if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
    if string.find(marks, 'deferred', 1, true) then
        deferred = not string.find(marks, 'again', 1, true) and deferred_since(progress) or NOW_TEXT
    end
    redis.call('HSET', key, 'progress', decided(version, counts, polled, planned, deferred, checks), unpack(fields))
    local reply = version
    if status ~= before then
        local phase = move_index(id, before, status, provider_of(request), since)
        tell_status(id, version, request, traceparent, before, status, error_text or detail)
        reply = whole(version) .. ' ' .. whole(phase) .. ' ' .. whole(math.max(NOW - created, 0))
    end
    if is_end then
        announce(id, version, status, request, created, error_text)
        finish(id, key, status)
    else
        move_timer(due, id)
    end
    return reply
end

local at = 3
while at <= #ARGV do
    local id, expected, status, delay, counts = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    local what, detail, marks, number = ARGV[at + 5], ARGV[at + 6], ARGV[at + 7], tonumber(ARGV[at + 8])
    if marks == 'check' and number == 0 and status == 'POLLING' and string.byte(what) == 126 then
        versions[#versions + 1] = note_check(id, expected, delay, counts, what, detail)
    else
        versions[#versions + 1] = store(id, expected, status, delay, counts, what, detail, marks, at + 9, number)
    end
    at = at + 9 + number * 2
end
-- One command for all jobs.
if #timers > 0 then redis.call('ZADD', DUE, unpack(timers)) end
for status, number in pairs(ended) do trim(status, number + 10) end
store_counts()
send_told()
return versions
