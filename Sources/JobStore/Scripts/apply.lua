-- Stores decisions of the state machine: fields, timer, index, counters and history of a job change together, and only if the
-- caller knows the job's present version.
-- ARGV: keep ms, then for each change: id, version, new status, timer delay ms (-1: remove), attempts, failures, unknownStatuses,
--   what (history; '' for no line), detail, isCheck 0/1, number of further fields n, n times field and value ('' removes the field)
-- Returns for each change the new version, or -1 (stale or unknown).

local keep = tonumber(ARGV[1])
local versions, timers = {}, {}
local at = 2
while at <= #ARGV do
    local id, expected, status, delay = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    local extra = tonumber(ARGV[at + 10])
    local key = job_key(id)
    local known = redis.call('HMGET', key, 'version', 'status', 'createdAt', 'cancel', 'history', 'failures', 'unknownStatuses')
    if known[1] ~= expected or known[2] == 'COMPLETED' or known[2] == 'FAILED' then
        versions[#versions + 1] = -1
    else
        local version = tonumber(expected) + 1
        local fields = {
            'version', whole(version), 'attempts', ARGV[at + 4],
            'history', longer(known[5] or '', tonumber(known[3]), ARGV[at + 7], ARGV[at + 8]),
        }
        local function set(field, value)
            fields[#fields + 1] = field
            fields[#fields + 1] = value
        end
        local gone = {}
        if status ~= known[2] then set('status', status) end
        -- A check that comes to nothing is what happens most: the next claim counts in the same field, and one command less is called.
        if status == 'POLLING' and known[2] == 'POLLING' then set('claims', '0') else gone[1] = 'claims' end
        -- Zeros are the rule and cost memory in every waiting job.
        for position, field in ipairs({ 'failures', 'unknownStatuses' }) do
            local number = ARGV[at + 4 + position]
            if number ~= '0' then set(field, number) elseif known[5 + position] then gone[#gone + 1] = field end
        end
        if ARGV[at + 9] == '1' then set('lastPollAt', whole(NOW)) end
        if status == 'POLLING' then set('nextPollAt', whole(NOW + delay)) end
        for position = at + 11, at + 10 + extra * 2, 2 do
            if ARGV[position + 1] == '' then gone[#gone + 1] = ARGV[position] else set(ARGV[position], ARGV[position + 1]) end
        end
        if known[2] == 'PENDING' then
            -- A create that outlived its lease has put the job into the waiting list again: its backoff must not be cut short.
            gone[#gone + 1] = 'queued'
            if status == 'POLLING' then set('since', whole(NOW)) end
            -- Cancelled while its export was being created.
            if known[4] and delay > 0 then delay = 0 end
        elseif status == 'PENDING' then
            gone[#gone + 1] = 'since'
        end
        if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
        redis.call('HSET', key, unpack(fields))
        count(id, known[2], status)
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
