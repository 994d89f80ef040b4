-- Claims timers that are due. None is removed: a job's timer moves forward by the lease, and the wake that is returned is only a
-- hint. A PENDING job goes (back) to the waiting list, which the caller sees to. A file's timer, which fires when its lease ran out or
-- its backoff is over, gives way to a new download message; the job's own timer stands behind that.
-- ARGV: how many at most, lease ms (more than 0, so that a claimed timer is never where a check was planned), watchdog ms, wakes a message
-- Returns NOW, the next due time or -1, lateness of each claim in ms, wake messages (a line a wake, tab-separated, see Wake.swift),
--   downloads (priority, job, file, correlationId of each), jobs that wait (provider, priority, tenant, createdAt, job of each)

local limit, lease, watchdog, batch = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
-- Bytes of a message, and of what one claim returns: parameters may be large.
local MESSAGE_LIMIT, ANSWER_LIMIT, total_size = 128 * 1024, 2 * 1024 * 1024, 0
local lateness, messages, downloads, waiting, lines, size = {}, {}, {}, {}, {}, 0
-- Score and member of the timers that move forward, for one command at the end.
local leased, LEASED_UNTIL = {}, whole(NOW + lease)

local function flush()
    if #lines == 0 then return end
    messages[#messages + 1] = table.concat(lines, '\n')
    lines, size = {}, 0
end

local function wake(id, key, job, score)
    local status, progress, request, cancel, export, since, creation, recreations = unpack(job)
    local planned = planned_for(status, progress)
    if planned ~= score then
        -- The second claim, where the first was not written.
        progress = stepped(progress, planned and 2 or 1)
        redis.call('HSET', key, 'progress', progress)
    end
    leased[#leased + 1] = LEASED_UNTIL
    leased[#leased + 1] = id
    local total, done, failed = '0', '0', '0'
    if status == 'READY' or status == 'PROCESSING' then
        local files = redis.call('HMGET', key, 'filesTotal', 'filesDone', 'filesFailed')
        total, done, failed = files[1] or '0', files[2] or '0', files[3] or '0'
    end
    -- The server's clock may have been set back.
    local waited = whole(math.max(NOW - (since or redis.call('HGET', key, 'createdAt')), 0))
    local line = table.concat({
        id, progress, status, total, done, failed, creation or '0', recreations or '0', cancel or '0', waited, export or '{}', request,
    }, '\t')
    if #lines == batch or (size > 0 and size + #line > MESSAGE_LIMIT) then flush() end
    lines[#lines + 1] = line
    size = size + #line
    total_size = total_size + #line
end

local function wait(id, key, request)
    local job = redis.call('HMGET', key, 'priority', 'createdAt')
    local provider, tenant = requested(request)
    queue(id)
    look_again(id, tonumber(job[2]), watchdog)
    for _, field in ipairs({ provider, job[1] or 'normal', tenant, job[2], id }) do waiting[#waiting + 1] = field end
end

local function download(member, id, file)
    redis.call('ZREM', DUE, member)
    local job = redis.call('HMGET', job_key(id), 'status', 'priority', 'request')
    if job[1] ~= 'READY' and job[1] ~= 'PROCESSING' then return end
    local state = redis.call('HGET', files_key(id), file .. '.state')
    local kind, attempts = string.match(state or '', '^(%a+) (%d+)')
    if kind ~= 'leased' and kind ~= 'backoff' then return end
    redis.call('HSET', files_key(id), file .. '.state', 'queued ' .. attempts .. ' ' .. whole(NOW) .. ' 0')
    local _, _, correlation = requested(job[3])
    for _, field in ipairs({ job[2] or 'normal', id, file, correlation ~= '' and correlation or id }) do downloads[#downloads + 1] = field end
end

local due = redis.call('ZRANGEBYSCORE', DUE, '-inf', NOW, 'WITHSCORES', 'LIMIT', 0, limit)
for position = 1, #due, 2 do
    if total_size > ANSWER_LIMIT then break end
    local member = due[position]
    lateness[#lateness + 1] = NOW - tonumber(due[position + 1])
    local id, file
    if string.find(member, '#', 1, true) then id, file = string.match(member, '^(.*)#(%d+)$') end
    if id then
        download(member, id, file)
    else
        local key = job_key(member)
        local job = redis.call('HMGET', key, 'status', 'progress', 'request', 'cancel', 'export', 'since', 'creation', 'recreations')
        local status, progress, request, cancel = unpack(job)
        if status and not (progress and request) then
            -- Of another schema, by a process of another version that was not stopped. It must not hold up the others.
            redis.call('ZADD', DUE, NOW + watchdog, member)
        elseif status == 'PENDING' and not cancel then
            wait(member, key, request)
        elseif status == 'PENDING' or status == 'POLLING' or status == 'READY' or status == 'PROCESSING' then
            wake(member, key, job, due[position + 1])
        else
            redis.call('ZREM', DUE, member)
        end
    end
end
flush()
if #leased > 0 then redis.call('ZADD', DUE, unpack(leased)) end

local following = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
return { NOW, following[2] and tonumber(following[2]) or -1, lateness, messages, downloads, waiting }
