-- Stores decisions of the state machine: fields, timer, index, counters and history of a job change together, and only if the
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

-- A line of the history. `checks` holds those that it does not tell: how many checks it tells, and the last one's detail.
local function note(fields, gone, job, what, detail)
    local history, created = unpack(redis.call('HMGET', job.key, 'history', 'createdAt'))
    local checks = job.checks
    if what == '~' and #history > CHECKS_LIMIT then return set(fields, 'checks', job.attempts .. ' ' .. detail) end
    if checks then
        local told, last = string.match(checks, '^(%d+) (.*)$')
        local number = tonumber(job.attempts) - (tonumber(told) or 0)
        if number > 1 then last = (last ~= '' and last .. ' ' or '') .. '(' .. whole(number) .. ' checks)' end
        history = longer(history, tonumber(job.polled) - created, '~', last or '')
        gone[#gone + 1] = 'checks'
    end
    set(fields, 'history', longer(history, NOW - created, what, detail))
end

local keep = tonumber(ARGV[1])
local versions, timers = {}, {}
local at = 2
while at <= #ARGV do
    local id, expected, status, delay, counted = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 4]
    local what, detail, is_check, extra = ARGV[at + 5], ARGV[at + 6], ARGV[at + 7], tonumber(ARGV[at + 8])
    local key = job_key(id)
    local before, progress, checks = unpack(redis.call('HMGET', key, 'status', 'progress', 'checks'))
    local version, attempts, polled, planned = string.match(progress or '', '^(%d+)\t%d+\t(%d+)\t%d+\t%d+\t(%d+)\t(%d+)$')
    if version ~= expected or before == 'COMPLETED' or before == 'FAILED' then
        versions[#versions + 1] = -1
    else
        local fields, gone = {}, {}
        if status ~= before then set(fields, 'status', status) end
        -- A check that comes to nothing is what happens most: it calls one command less.
        if what == '~' and checks then
            local now = string.match(checks, '^%d+ ') .. detail
            if now ~= checks then set(fields, 'checks', now) end
        elseif what ~= '' then
            note(fields, gone, { key = key, checks = checks, attempts = attempts, polled = polled }, what, detail)
        end
        for position = at + 9, at + 8 + extra * 2, 2 do
            if ARGV[position + 1] == '' then gone[#gone + 1] = ARGV[position] else set(fields, ARGV[position], ARGV[position + 1]) end
        end
        if before == 'PENDING' then
            -- A create that outlived its lease has put the job into the waiting list again: its backoff must not be cut short.
            gone[#gone + 1] = 'queued'
            if status == 'POLLING' then set(fields, 'since', NOW_TEXT) end
        elseif status == 'PENDING' then
            gone[#gone + 1] = 'since'
        end
        -- Cancelled while its export was being created.
        if delay > 0 and before == 'PENDING' and redis.call('HGET', key, 'cancel') then delay = 0 end
        if is_check == '1' then polled = NOW_TEXT end
        if status == 'POLLING' then planned = whole(NOW + delay) elseif delay < 0 then planned = '0' end
        version = tonumber(expected) + 1
        if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
        redis.call('HSET', key, 'progress', table.concat({ whole(version), '0', counted, polled, planned }, '\t'), unpack(fields))
        count(id, before, status)
        if delay < 0 then
            finish(id, status, keep)
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
return versions
