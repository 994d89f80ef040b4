-- Claims timers that are due. None is removed: a job's timer moves forward by the lease, and the wake that is returned is only a
-- hint. A PENDING job goes (back) to the waiting list, which the caller sees to. A file's timer, which fires when its lease ran out or
-- its backoff is over, gives way to a new download message; the job's own timer stands behind that.
-- ARGV: how many at most, lease ms, watchdog ms, wakes a message
-- Returns NOW, the next due time or -1, lateness of each claim in ms, wake messages (a line a wake, tab-separated, see Wake.swift),
--   downloads (priority, job, file, correlationId of each), jobs that wait (provider, priority, tenant, createdAt, job of each)

local limit, lease, watchdog, batch = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
-- Bytes of a message, and of what one claim returns: parameters may be large.
local MESSAGE_LIMIT, ANSWER_LIMIT, total = 128 * 1024, 2 * 1024 * 1024, 0
local lateness, messages, downloads, waiting, lines, size = {}, {}, {}, {}, {}, 0
-- Score and member of the timers that move forward, for one command at the end.
local leased, LEASED_UNTIL = {}, whole(NOW + lease)

local function flush()
    if #lines == 0 then return end
    messages[#messages + 1] = table.concat(lines, '\n')
    lines, size = {}, 0
end

local function wake(id, fields)
    local key = job_key(id)
    local version, claims = whole((tonumber(fields[19]) or 0) + 1), whole((tonumber(fields[20]) or 0) + 1)
    redis.call('HSET', key, 'version', version, 'claims', claims)
    leased[#leased + 1] = LEASED_UNTIL
    leased[#leased + 1] = id
    local line = table.concat({
        id, version, fields[1], fields[2], fields[3], fields[4] or '0', fields[5] or '0', claims,
        fields[6] or '0', fields[7] or '0', fields[14] or '0', fields[15] or '0', fields[16] or '0', fields[17] or '0',
        whole(NOW - tonumber(fields[18] or fields[8])), fields[9] or id, fields[10] or 'default', fields[11] or '{}', fields[12],
    }, '\t')
    if #lines == batch or (size > 0 and size + #line > MESSAGE_LIMIT) then flush() end
    lines[#lines + 1] = line
    size = size + #line
    total = total + #line
end

local function download(member, id, file)
    redis.call('ZREM', DUE, member)
    local job = redis.call('HMGET', job_key(id), 'status', 'priority', 'correlationId')
    if job[1] ~= 'READY' and job[1] ~= 'PROCESSING' then return end
    local state = redis.call('HGET', files_key(id), file .. '.state')
    local kind, attempts = string.match(state or '', '^(%a+) (%d+)')
    if kind ~= 'leased' and kind ~= 'backoff' then return end
    redis.call('HSET', files_key(id), file .. '.state', 'queued ' .. attempts .. ' ' .. whole(NOW) .. ' 0')
    downloads[#downloads + 1] = job[2] or 'normal'
    downloads[#downloads + 1] = id
    downloads[#downloads + 1] = file
    downloads[#downloads + 1] = job[3] or id
end

local due = redis.call('ZRANGEBYSCORE', DUE, '-inf', NOW, 'WITHSCORES', 'LIMIT', 0, limit)
for position = 1, #due, 2 do
    if total > ANSWER_LIMIT then break end
    local member = due[position]
    lateness[#lateness + 1] = NOW - tonumber(due[position + 1])
    local id, file
    if string.find(member, '#', 1, true) then id, file = string.match(member, '^(.*)#(%d+)$') end
    if id then
        download(member, id, file)
    else
        local fields = redis.call('HMGET', job_key(member), 'status', 'provider', 'attempts', 'failures', 'unknownStatuses',
            'filesTotal', 'filesDone', 'createdAt', 'correlationId', 'tenant', 'export', 'parameters', 'priority',
            'filesFailed', 'creation', 'recreations', 'cancel', 'since', 'version', 'claims')
        local status = fields[1]
        if status == 'PENDING' and not fields[17] then
            queue(member)
            look_again(member, tonumber(fields[8]), watchdog)
            for _, field in ipairs({ fields[2], fields[13] or 'normal', fields[10] or 'default', fields[8], member }) do
                waiting[#waiting + 1] = field
            end
        elseif status == 'PENDING' or status == 'POLLING' or status == 'READY' or status == 'PROCESSING' then
            wake(member, fields)
        else
            redis.call('ZREM', DUE, member)
        end
    end
end
flush()
if #leased > 0 then redis.call('ZADD', DUE, unpack(leased)) end

local following = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
return { NOW, following[2] and tonumber(following[2]) or -1, lateness, messages, downloads, waiting }
