-- Stores decisions of the state machine: fields, timer, index, counter and history of a job change together, and only if the
-- caller knows the job's present version.
-- ARGV: keep ms, then for each change: id, version, new status, timer delay ms (-1: remove), attempts, failures and unknownStatuses
--   (separated by tabs), what (history; '' for no line), detail, isCheck 0/1, number of further fields n, n times field and value ('' removes
--   the field)
-- Returns for each change the new version, or -1 (stale or unknown).

local NOW_TEXT = whole(NOW)

local function set(fields, field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
end

-- The history with the checks that it does not tell yet, those of the field `checks`: how many it tells, and the last one's detail.
local function with_checks(history, created, checks, attempts, polled)
    if not checks then return history end
    local told, last = string.match(checks, '^(%d+) (.*)$')
    local number = tonumber(attempts) - (tonumber(told) or 0)
    if number > 1 then last = (last ~= '' and last .. ' ' or '') .. '(' .. whole(number) .. ' checks)' end
    return longer(history, tonumber(polled) - created, '~', last or '')
end

-- The end of a job: no timer, and a record that expires. Timers of its files fall out when they fire. What a retry goes on from stays
-- with a failed job.
local keep, ended = tonumber(ARGV[1]), {}
local function finish(id, key, status)
    redis.call('ZREM', DUE, id)
    if status == 'FAILED' then redis.call('PEXPIRE', files_key(id), keep) else redis.call('UNLINK', files_key(id)) end
    redis.call('PEXPIRE', key, keep)
    ended[status] = (ended[status] or 0) + 1
end

-- Forgets, in the index, jobs whose records have expired: at most so many, and more than come to it.
local function trim(status, many)
    local old = redis.call('ZRANGEBYSCORE', index_key(status), '-inf', NOW - keep, 'LIMIT', 0, many)
    for _, id in ipairs(old) do
        -- It may have ended when records were kept for longer, or have been submitted again.
        if redis.call('HGET', job_key(id), 'status') ~= status then redis.call('ZREM', index_key(status), id) end
    end
end

local versions, timers = {}, {}
local at = 2
while at <= #ARGV do
    local id, expected, status, delay, counted = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 4]
    local what, detail, is_check, extra = ARGV[at + 5], ARGV[at + 6], ARGV[at + 7], tonumber(ARGV[at + 8])
    local key = job_key(id)
    local before, progress, checks, history, created, cancel, queued, cursor
    -- A check that comes to nothing is what happens most: it reads and writes the least.
    if what == '~' and delay >= 0 then
        before, progress, checks = unpack(redis.call('HMGET', key, 'status', 'progress', 'checks'))
    else
        before, progress, checks, history, created, cancel, queued, cursor = unpack(redis.call('HMGET', key, 'status', 'progress',
            'checks', 'history', 'createdAt', 'cancel', 'queued', 'listingCursor'))
    end
    local version, attempts, polled, planned = string.match(progress or '', '^(%d+)\t%d+\t(%d+)\t%d+\t%d+\t(%d+)\t(%d+)$')
    if version ~= expected or before == 'COMPLETED' or before == 'FAILED' then
        versions[#versions + 1] = -1
    else
        local fields, gone = {}, {}
        if status ~= before then set(fields, 'status', status) end
        if what == '~' and checks then
            local now = string.match(checks, '^%d+ ') .. detail
            if now ~= checks then set(fields, 'checks', now) end
        elseif what ~= '' then
            if not history then history, created = unpack(redis.call('HMGET', key, 'history', 'createdAt')) end
            if what == '~' and #history > CHECKS_LIMIT then
                set(fields, 'checks', attempts .. ' ' .. detail)
            else
                set(fields, 'history', longer(with_checks(history, created, checks, attempts, polled), NOW - created, what, detail))
                if checks then gone[#gone + 1] = 'checks' end
            end
        end
        for position = at + 9, at + 8 + extra * 2, 2 do
            if ARGV[position + 1] == '' then gone[#gone + 1] = ARGV[position] else set(fields, ARGV[position], ARGV[position + 1]) end
        end
        if before == 'PENDING' then
            -- A create that outlived its lease has put the job into the waiting list again: its backoff must not be cut short.
            if queued then gone[#gone + 1] = 'queued' end
            if status == 'POLLING' then set(fields, 'since', NOW_TEXT) end
        elseif status == 'PENDING' then
            gone[#gone + 1] = 'since'
        end
        -- Cancelled while its export was being created.
        if delay > 0 and before == 'PENDING' and cancel then delay = 0 end
        if is_check == '1' then polled = NOW_TEXT end
        if status == 'POLLING' then planned = whole(NOW + delay) elseif delay < 0 then planned = '0' end
        if delay < 0 then
            set(fields, 'expiresAt', whole(NOW + keep))
            if cancel then gone[#gone + 1] = 'cancel' end
            if cursor and status == 'COMPLETED' then gone[#gone + 1] = 'listingCursor' end
        end
        version = tonumber(expected) + 1
        if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
        redis.call('HSET', key, 'progress', table.concat({ whole(version), '0', counted, polled, planned }, '\t'), unpack(fields))
        index(id, before, status)
        if delay < 0 then
            finish(id, key, status)
        else
            timers[#timers + 1] = whole(NOW + delay)
            timers[#timers + 1] = id
        end
        versions[#versions + 1] = version
    end
    at = at + 9 + extra * 2
end
-- One command for all. No job is in it twice: the second change would not know the version that the first one gave.
if #timers > 0 then redis.call('ZADD', DUE, unpack(timers)) end
for status, number in pairs(ended) do trim(status, number + 10) end
return versions
