-- include: clock, job_keys, progress, history, request, file_state, webhooks
-- Claims timers that are due. A timer of a job or a file moves forward by the lease instead of being removed, so that it fires again if
-- nobody acts on the claim. A PENDING job goes back to its waiting list; the caller puts it there. The lease is more than 0, so that a
-- claimed timer is never where a check was planned.
-- ARGV: limit, lease, watchdog, wakesPerMessage
-- Returns: now, nextDue, lateness, messages, files, waiting, webhooks

local limit, lease, watchdog, batch = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
-- Bytes of a message, and of the reply: parameters may be large.
local MESSAGE_LIMIT, REPLY_LIMIT, total_size = 128 * 1024, 2 * 1024 * 1024, 0
-- A job in the waiting list is claimed again after as long as it has waited, this at most: the list may have lost it.
local LONGEST_WATCHDOG = 3600000
-- The claim of a webhook message holds for a little longer than an attempt takes, which is 15 s, whatever the lease of jobs is.
local WEBHOOK_LEASE = 20000
local lateness, messages, due_files, due_webhooks, waiting, lines, size = {}, {}, {}, {}, {}, {}, 0
-- Score and member of the timers that move forward, for one command at the end.
local leased, LEASED_UNTIL = {}, whole(NOW + lease)

local function move_timer(member)
    leased[#leased + 1] = LEASED_UNTIL
    leased[#leased + 1] = member
end

local function flush()
    if #lines == 0 then return end
    messages[#messages + 1] = table.concat(lines, '\n')
    lines, size = {}, 0
end

-- Whoever had claimed the job has died, was frozen, or lost its way to the store.
local function tell_lapse(id, key, status, progress, checks)
    local history, created = unpack(redis.call('HMGET', key, 'history', 'createdAt'))
    history = with_checks(history or '', created, checks, last_poll_of(progress))
    redis.call('HSET', key, 'history', told(id, history, status, NOW - created, '^', 'check', ''))
end

-- Adds a job's line to the messages; Schema/Wake.swift lists its fields.
local function wake(id, key, job, score)
    local status, progress, request, cancel, export, since, creation, recreations, traceparent = unpack(job)
    local stored = progress
    progress = without_checks(progress)
    local planned, deferred = planned_for(status, progress)
    if not planned then deferred = deferred_since(progress) or '' end
    if planned ~= score then
        -- Of a planned check it is the second claim, because the first was not written.
        progress = stepped(progress, planned and 2 or 1)
        local checks = checks_of(stored)
        if planned then
            tell_lapse(id, key, status, progress, checks)
            checks = nil
        end
        redis.call('HSET', key, 'progress', progress .. (checks or ''))
    end
    move_timer(id)
    local total, done, failed = '0', '0', '0'
    if is_transferring(status) then
        local files = redis.call('HMGET', key, 'filesTotal', 'filesDone', 'filesFailed')
        total, done, failed = files[1] or '0', files[2] or '0', files[3] or '0'
    end
    -- The server's clock may have been set back.
    local waited = whole(math.max(NOW - (since or redis.call('HGET', key, 'createdAt')), 0))
    if deferred ~= '' then
        progress = string.sub(progress, 1, -#deferred - 2)
        waited = waited .. ' ' .. whole(math.max(NOW - deferred, 0))
    end
    cancel = cancel or '0'
    if traceparent then cancel = cancel .. ' ' .. traceparent end
    local files = '\t' .. total .. '\t' .. done .. '\t' .. failed .. '\t'
    local line = id .. '\t' .. progress .. '\t' .. status .. files .. (creation or '0') .. '\t' .. (recreations or '0') .. '\t' .. cancel
        .. '\t' .. waited .. '\t' .. (export or '{}') .. '\t' .. request
    if #lines == batch or (size > 0 and size + #line > MESSAGE_LIMIT) then flush() end
    lines[#lines + 1] = line
    size = size + #line
    total_size = total_size + #line
end

local function wait(id, key, request)
    local job = redis.call('HMGET', key, 'priority', 'createdAt')
    local provider, tenant = parse_request(request)
    redis.call('HSET', key, 'queued', '1')
    redis.call('ZADD', DUE, NOW + math.max(watchdog, math.min(NOW - tonumber(job[2]), LONGEST_WATCHDOG)), id)
    for _, field in ipairs({ provider, job[1] or 'normal', tenant, job[2], id }) do waiting[#waiting + 1] = field end
end

-- The caller decides what the timer of a file means, from the state that is returned.
local function file(member, id, index)
    local job = redis.call('HMGET', job_key(id), 'status', 'priority', 'request')
    local state = job[1] and job[3] and redis.call('HGET', files_key(id), index .. '.state')
    if not state then return redis.call('ZREM', DUE, member) end
    move_timer(member)
    local _, _, correlation = parse_request(job[3])
    local words = {
        id, index, state, job[2] or 'normal', correlation ~= '' and correlation or id, LEASED_UNTIL, is_transferring(job[1]) and '1' or '0',
    }
    for _, word in ipairs(words) do due_files[#due_files + 1] = word end
end

local function webhook(name)
    local key = webhook_key(name)
    local facts, url, attempts, handled, failed_at = unpack(redis.call('HMGET', key, 'facts', 'url', 'attempts', 'handled', 'failedAt'))
    if not facts then return redis.call('ZREM', DUE, name) end
    local claims = redis.call('HINCRBY', key, 'claims', 1)
    leased[#leased + 1] = whole(NOW + WEBHOOK_LEASE)
    leased[#leased + 1] = name
    local words = { name, whole(claims), whole(claims - (handled or 0)), attempts or '0', failed_at or '', url or '', facts }
    for _, word in ipairs(words) do due_webhooks[#due_webhooks + 1] = word end
    total_size = total_size + #facts
end

local function claim(member, score)
    local id, index
    if string.find(member, '#', 1, true) then
        if webhook_job(member) then return webhook(member) end
        id, index = string.match(member, '^(.*)#(%d+)$')
    end
    if id then return file(member, id, index) end
    local key = job_key(member)
    local job = redis.call('HMGET', key, 'status', 'progress', 'request', 'cancel', 'export', 'since', 'creation', 'recreations',
        'traceparent')
    local status, progress, request, cancel = unpack(job)
    if status and not (progress and request) then
        -- A job of another schema, by a process of another version that was not stopped. It must not delay the others.
        redis.call('ZADD', DUE, NOW + watchdog, member)
    elseif status == 'PENDING' and not cancel then
        wait(member, key, request)
    elseif status and status ~= 'COMPLETED' and status ~= 'FAILED' then
        wake(member, key, job, score)
    else
        redis.call('ZREM', DUE, member)
    end
end

local due = redis.call('ZRANGEBYSCORE', DUE, '-inf', NOW, 'WITHSCORES', 'LIMIT', 0, limit)
for position = 1, #due, 2 do
    if total_size > REPLY_LIMIT then break end
    lateness[#lateness + 1] = NOW - tonumber(due[position + 1])
    claim(due[position], due[position + 1])
end
flush()
if #leased > 0 then redis.call('ZADD', DUE, unpack(leased)) end

local following = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
return { NOW, following[2] and tonumber(following[2]) or -1, lateness, messages, due_files, waiting, due_webhooks }
