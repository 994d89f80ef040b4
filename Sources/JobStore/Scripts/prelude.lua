-- What every script shares; it stands in front of each. KEYS[1] is the due set of the partition, and everything that a script
-- touches has the same hash tag. All times are milliseconds of this server's clock.

local DUE = KEYS[1]
local TAG = string.sub(DUE, 1, -4)
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Past the first size of a history, checks that come to nothing are no longer lines of it but stand in the field `checks` until
-- something else happens, see apply.lua: a job that waits long stays small, and its checks cheap. Past the second, failures that follow
-- one another share a line with their number, and files are left out; transitions are always kept. With them it stays under the 4 KB
-- up to which Redis, set up as `longhaul doctor` asks for, keeps the hash in its compact form.
local CHECKS_LIMIT, HISTORY_LIMIT = 120, 3584

local function job_key(id) return TAG .. 'job:' .. id end
local function files_key(id) return TAG .. 'files:' .. id end
local function index_key(status) return TAG .. 'status:' .. status end
local COUNTS = TAG .. 'counts'

-- Lua prints large numbers in exponents; every number here is a whole one, and less than 2^53.
local function whole(number) return string.format('%d', number) end

-- What each step changes stands in one field of the hash, `progress`, since each field costs a scan of it, to read and to write: version,
-- claims, attempts, failures, unknownStatuses, lastPollAt and nextPollAt (0: none), separated by tabs as in a wake. This is its next
-- version, with so many more claims.
local function stepped(progress, more)
    local version, claims, rest = string.match(progress, '^(%d+)\t(%d+)(\t.*)$')
    return whole(version + 1) .. '\t' .. whole(claims + more) .. rest
end

-- A check that is planned stands in the due set at its nextPollAt, with no claims. Its first claim is the timer's move from there to the
-- lease: nothing else is written, and the version stays. A planned one whose timer is elsewhere has thus been claimed once.
local function planned_for(status, progress) return status == 'POLLING' and string.match(progress, '^%d+\t0\t.*\t(%d+)$') end
local function planned_at(progress, at) return (string.gsub(progress, '%d+$', whole(at))) end

-- Provider, tenant and correlation id ('' for the job's name) of a `request`, which ends with the parameters.
local function requested(request) return string.match(request, '^([^\t]*)\t([^\t]*)\t([^\t]*)') end

-- The history with one more line: milliseconds since the job's creation, what happened (a status, or a sign, see
-- HistoryEntry.swift), a detail.
local function longer(history, at, what, detail)
    if what == '' or what == '+' and #history > HISTORY_LIMIT then return history end
    local line = whole(at) .. ' ' .. what .. (detail ~= '' and ' ' .. detail or '') .. '\n'
    if what == '!' and #history > HISTORY_LIMIT then
        local before, last = string.match(history, '^(.*\n)(%d+ ![^\n]*)\n$')
        if last then
            local number = string.match(last, ' %((%d+) failures%)$') or '1'
            return before .. string.sub(line, 1, -2) .. ' (' .. whole(tonumber(number) + 1) .. ' failures)\n'
        end
    end
    -- Past all bounds, by turns of failures and checks: the last ones are worth most.
    if #history > HISTORY_LIMIT + 384 and not string.match(what, '^%u') then
        history = string.gsub(history, '\n%d+ [~!+][^\n]*\n$', '\n')
    end
    return history .. line
end

local function remember(id, created, what, detail)
    local key = job_key(id)
    redis.call('HSET', key, 'history', longer(redis.call('HGET', key, 'history') or '', NOW - created, what, detail))
end

-- The indices follow the status; how many jobs have it is the index's size. POLLING has a counter instead of one: the many jobs that wait
-- stand in the due set anyway.
local function index(id, from, to)
    if from == to then return end
    if from == 'POLLING' then redis.call('HINCRBY', COUNTS, from, -1) else redis.call('ZREM', index_key(from), id) end
    if to == 'POLLING' then redis.call('HINCRBY', COUNTS, to, 1) else redis.call('ZADD', index_key(to), whole(NOW), id) end
end

-- A PENDING job may be started by whoever takes it from the waiting list; this marks that it stands there.
local function queue(id) redis.call('HSET', job_key(id), 'queued', '1') end

-- When to look again at a job in the waiting list, which may have lost it. The longer it waits, the less often.
local function look_again(id, since, watchdog)
    redis.call('ZADD', DUE, NOW + math.max(watchdog, math.min(NOW - since, 3600000)), id)
end
