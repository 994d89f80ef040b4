-- Stores decisions of the state machine: fields, timer, index, counters and history of a job change together, and only if the
-- caller knows the job's present version.
-- ARGV: keep ms, then for each change: id, version, new status, timer delay ms (-1: remove), attempts, failures, unknownStatuses,
--   what (history; '' for no line), detail, isCheck 0/1, number of further fields n, n times field and value ('' removes the field)
-- Returns for each change the new version, or -1 (stale or unknown).

local keep = tonumber(ARGV[1])
local versions = {}
local at = 2
while at <= #ARGV do
    local id, expected, status, delay = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    local extra = tonumber(ARGV[at + 10])
    local key = job_key(id)
    local known = redis.call('HMGET', key, 'version', 'status', 'createdAt', 'cancel', 'history')
    if known[1] ~= expected or known[2] == 'COMPLETED' or known[2] == 'FAILED' then
        versions[#versions + 1] = -1
    else
        local version = tonumber(expected) + 1
        local fields = {
            'version', whole(version), 'status', status, 'attempts', ARGV[at + 4],
            'history', longer(known[5] or '', tonumber(known[3]), ARGV[at + 7], ARGV[at + 8]),
        }
        local function set(field, value)
            fields[#fields + 1] = field
            fields[#fields + 1] = value
        end
        local gone = { 'claims' }
        -- Zeros are the rule and cost memory in every waiting job.
        if ARGV[at + 5] == '0' then gone[#gone + 1] = 'failures' else set('failures', ARGV[at + 5]) end
        if ARGV[at + 6] == '0' then gone[#gone + 1] = 'unknownStatuses' else set('unknownStatuses', ARGV[at + 6]) end
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
        redis.call('HDEL', key, unpack(gone))
        redis.call('HSET', key, unpack(fields))
        count(id, known[2], status)
        if delay < 0 then finish(id, status, keep) else redis.call('ZADD', DUE, NOW + delay, id) end
        versions[#versions + 1] = version
    end
    at = at + 11 + extra * 2
end
return versions
