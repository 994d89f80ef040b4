-- What every script shares; it stands in front of each. KEYS[1] is the due set of the partition, and everything that a script
-- touches has the same hash tag. All times are milliseconds of this server's clock.

local DUE = KEYS[1]
local TAG = string.sub(DUE, 1, -4)
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Past this size a job's history takes in no more checks and files; transitions are always kept.
local HISTORY_LIMIT = 8192

local function job_key(id) return TAG .. 'job:' .. id end
local function files_key(id) return TAG .. 'files:' .. id end
local function history_key(id) return TAG .. 'history:' .. id end
local function index_key(status) return TAG .. 'status:' .. status end
local function waiting_key(priority) return TAG .. 'waiting:' .. priority end
local COUNTS = TAG .. 'counts'
local TURN = TAG .. 'turn'

-- Lua prints numbers past 2^53 and fractions in exponents; every number here is a whole one.
local function whole(number) return string.format('%.0f', number) end

-- A line: milliseconds since the job's creation, what happened (a status, or a sign, see HistoryEntry.swift), a detail.
local function remember(id, created, what, detail)
    local key = history_key(id)
    local isStatus = string.match(what, '^%u')
    if not isStatus and redis.call('STRLEN', key) > HISTORY_LIMIT then return end
    redis.call('APPEND', key, whole(NOW - created) .. ' ' .. what .. (detail ~= '' and ' ' .. detail or '') .. '\n')
end

-- Index and counters follow the status.
local function count(id, from, to)
    if from == to then return end
    if from then
        redis.call('ZREM', index_key(from), id)
        redis.call('HINCRBY', COUNTS, from, -1)
    end
    redis.call('ZADD', index_key(to), NOW, id)
    redis.call('HINCRBY', COUNTS, to, 1)
end

-- Forgets, in the index and the counters, a few of the jobs whose records have expired.
local function trim(status, keep)
    local old = redis.call('ZRANGEBYSCORE', index_key(status), '-inf', NOW - keep, 'LIMIT', 0, 10)
    if #old == 0 then return end
    redis.call('ZREM', index_key(status), unpack(old))
    redis.call('HINCRBY', COUNTS, status, -#old)
end

-- The end of a job: no timer, no files, and a record that expires. Timers of its files fall out when they fire.
local function finish(id, status, priority, keep)
    redis.call('ZREM', DUE, id)
    redis.call('ZREM', waiting_key(priority), id)
    redis.call('UNLINK', files_key(id))
    redis.call('HDEL', job_key(id), 'listingCursor', 'nextPollAt')
    redis.call('HSET', job_key(id), 'expiresAt', whole(NOW + keep))
    redis.call('PEXPIRE', job_key(id), keep)
    redis.call('PEXPIRE', history_key(id), keep)
    trim(status, keep)
end
