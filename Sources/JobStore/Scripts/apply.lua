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
local at = 3
while at <= #ARGV do
    local id, expected, status, delay, counts = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 4]
    local what, detail, marks, extra = ARGV[at + 5], ARGV[at + 6], ARGV[at + 7], tonumber(ARGV[at + 8])
    local key = job_key(id)
    local before, progress, checks, history, created, cancel, queued, cursor, since, request, traceparent
    -- A check that changes nothing is the most frequent change: it reads and writes the least.
    local is_check = string.byte(what) == 126 -- `~`
    if is_check then
        before, progress = unpack(redis.call('HMGET', key, 'status', 'progress'))
    else
        before, progress, history, created, cancel, queued, cursor, since, request, traceparent = unpack(redis.call('HMGET', key,
            'status', 'progress', 'history', 'createdAt', 'cancel', 'queued', 'listingCursor', 'since', 'request', 'traceparent'))
    end
    local version, _, polled, planned = parse_progress(progress)
    if version ~= expected or before == 'COMPLETED' or before == 'FAILED' then
        versions[#versions + 1] = -1
    else
        local fields, gone, error_text = {}, {}, nil
        checks = checks_of(progress)
        local added = ''
        if status ~= before then set(fields, 'status', status) end
        if is_check then
            checks, added = with_check(checks, polled == '0' and '0' or whole(NOW - polled), what, detail)
            if #checks > CHECKS_LIMIT then checks, added = move_checks(id, key, checks .. added) end
        elseif what ~= '' then
            history = with_checks(history, created, checks, polled)
            set(fields, 'history', told(id, history, status, NOW - created, what, detail, actor))
            checks = nil
        end
        for position = at + 9, at + 8 + extra * 2, 2 do
            local field, value = ARGV[position], ARGV[position + 1]
            if field == 'errorCode' then error_text = value .. ' ' .. (ARGV[position + 3] or '') end
            if field == 'answers' then
                created = created or redis.call('HGET', key, 'createdAt')
                value = with_answer(redis.call('HGET', key, 'answers'), NOW - created, value)
            end
            if value == '' then gone[#gone + 1] = field else set(fields, field, value) end
        end
        if before == 'PENDING' then
            -- A create that outlived its lease has put the job back into the waiting list, which must not cut its backoff short.
            if queued then gone[#gone + 1] = 'queued' end
            if status == 'POLLING' then set(fields, 'since', NOW_TEXT) end
        elseif status == 'PENDING' then
            gone[#gone + 1] = 'since'
        end
        -- The job was cancelled while its export was being created.
        if delay > 0 and before == 'PENDING' and cancel then delay = 0 end
        if marks == 'check' or string.find(marks, 'check', 1, true) then polled = NOW_TEXT end
        if status == 'POLLING' then planned = whole(NOW + delay) elseif delay < 0 then planned = '0' end
        if delay < 0 then
            set(fields, 'expiresAt', whole(NOW + keep))
            if cancel then gone[#gone + 1] = 'cancel' end
            if cursor and status == 'COMPLETED' then gone[#gone + 1] = 'listingCursor' end
        end
        version = tonumber(expected) + 1
        if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
        local deferred
        if marks ~= 'check' and marks ~= '' and string.find(marks, 'deferred', 1, true) then
            deferred = not string.find(marks, 'again', 1, true) and deferred_since(progress) or NOW_TEXT
        end
        local next_progress = decided(version, counts, polled, planned, deferred)
        if checks then next_progress = next_progress .. checks .. added end
        redis.call('HSET', key, 'progress', next_progress, unpack(fields))
        versions[#versions + 1] = version
        if status ~= before then
            local phase = move_index(id, before, status, provider_of(request), since)
            tell_status(id, version, request, traceparent, before, status, error_text or detail)
            versions[#versions] = table.concat({ whole(version), whole(phase), whole(math.max(NOW - created, 0)) }, ' ')
        end
        if delay < 0 then
            announce(id, version, status, request, created, error_text)
            finish(id, key, status)
        else
            timers[#timers + 1] = whole(NOW + delay)
            timers[#timers + 1] = id
        end
    end
    at = at + 9 + extra * 2
end
-- One command for all jobs.
if #timers > 0 then redis.call('ZADD', DUE, unpack(timers)) end
for status, number in pairs(ended) do trim(status, number + 10) end
send_told()
return versions
