-- Stores decisions of the state machine: fields, timer, index, counters and history of a job change together, and only if the
-- caller knows the job's present version.
-- ARGV: keep ms, then for each change: id, version, new status, timer delay ms (-1: remove), attempts, failures, unknownStatuses,
--   what (history; '' for no line), detail, isCheck 0/1, number of further fields n, n times field and value ('' removes the field)
-- Returns for each change the new version, or -1 (stale or unknown).

local NOW_TEXT = whole(NOW)

local function set(fields, field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
end

-- Notes what happened. `checks` holds those that the history does not tell: how many checks it tells, and the last one's detail.
local function note(fields, gone, known, what, detail)
    local checks, history, created, attempts = known[3], known[7] or '', tonumber(known[8]) or NOW, known[9] or '0'
    if what == '' then return end
    if what == '~' and checks then
        local now = (string.match(checks, '^%d+ ') or attempts .. ' ') .. detail
        if now ~= checks then set(fields, 'checks', now) end
        return
    end
    if what == '~' and #history > CHECKS_LIMIT then return set(fields, 'checks', attempts .. ' ' .. detail) end
    if checks then
        local told, last = string.match(checks, '^(%d+) (.*)$')
        local number = (tonumber(attempts) or 0) - (tonumber(told) or 0)
        if number > 1 then last = (last ~= '' and last .. ' ' or '') .. '(' .. whole(number) .. ' checks)' end
        history = longer(history, (tonumber(known[10]) or NOW) - created, '~', last or '')
        gone[#gone + 1] = 'checks'
    end
    set(fields, 'history', longer(history, NOW - created, what, detail))
end

local keep = tonumber(ARGV[1])
local versions, timers = {}, {}
local at = 2
while at <= #ARGV do
    local id, expected, status, delay = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    local failures, unknown, extra = ARGV[at + 5], ARGV[at + 6], tonumber(ARGV[at + 10])
    local key = job_key(id)
    local known = redis.call('HMGET', key, 'version', 'status', 'checks', 'failures', 'unknownStatuses', 'cancel', 'history', 'createdAt', 'attempts',
        'lastPollAt')
    local before = known[2]
    if known[1] ~= expected or before == 'COMPLETED' or before == 'FAILED' then
        versions[#versions + 1] = -1
    else
        local version = tonumber(expected) + 1
        local fields, gone = { 'version', whole(version), 'attempts', ARGV[at + 4] }, {}
        if status ~= before then set(fields, 'status', status) end
        note(fields, gone, known, ARGV[at + 7], ARGV[at + 8])
        -- A check that comes to nothing is what happens most: the next claim counts in the same field, and one command less is called.
        if status == 'POLLING' and before == 'POLLING' then set(fields, 'claims', '0') else gone[#gone + 1] = 'claims' end
        -- Zeros are the rule and cost memory in every waiting job.
        if failures ~= '0' then set(fields, 'failures', failures) elseif known[4] then gone[#gone + 1] = 'failures' end
        if unknown ~= '0' then set(fields, 'unknownStatuses', unknown) elseif known[5] then gone[#gone + 1] = 'unknownStatuses' end
        if ARGV[at + 9] == '1' then set(fields, 'lastPollAt', NOW_TEXT) end
        if status == 'POLLING' then set(fields, 'nextPollAt', whole(NOW + delay)) end
        for position = at + 11, at + 10 + extra * 2, 2 do
            if ARGV[position + 1] == '' then gone[#gone + 1] = ARGV[position] else set(fields, ARGV[position], ARGV[position + 1]) end
        end
        if before == 'PENDING' then
            -- A create that outlived its lease has put the job into the waiting list again: its backoff must not be cut short.
            gone[#gone + 1] = 'queued'
            if status == 'POLLING' then set(fields, 'since', NOW_TEXT) end
            -- Cancelled while its export was being created.
            if known[6] and delay > 0 then delay = 0 end
        elseif status == 'PENDING' then
            gone[#gone + 1] = 'since'
        end
        if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
        redis.call('HSET', key, unpack(fields))
        count(id, before, status)
        if delay < 0 then
            finish(id, status, keep)
        else
            timers[#timers + 1] = whole(NOW + delay)
            timers[#timers + 1] = id
        end
        versions[#versions + 1] = version
    end
    at = at + 11 + extra * 2
end
-- One command for all. No job is in it twice: the second change would not know the version that the first one gave.
if #timers > 0 then redis.call('ZADD', DUE, unpack(timers)) end
return versions
