-- What the scripts of a provider share; it stands in front of each. KEYS[1] is `{lh:p:PROVIDER}:turns`, and everything that a script
-- touches has the same hash tag. All times are milliseconds of this server's clock.

local TURNS = KEYS[1]
local TAG = string.sub(TURNS, 1, -6)
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)

local RATES, IN_FLIGHT, TAKEN = TAG .. 'rates', TAG .. 'inflight', TAG .. 'taken'
local function tenants_key(priority) return TAG .. 'tenants:' .. priority end
local function waiting_key(priority, tenant) return TAG .. 'waiting:' .. priority .. ':' .. tenant end

-- Puts jobs into a waiting list: `jobs` holds since when each waits, and its name. Who comes anew, or again, takes a turn after the one
-- that is being served: turns that were not used are not kept, and who always has one job waiting does not come before those who have many.
local function wait_in_line(priority, tenant, jobs)
    redis.call('ZADD', waiting_key(priority, tenant), 'NX', unpack(jobs))
    redis.call('ZADD', tenants_key(priority), 'NX', tonumber(redis.call('HGET', TURNS, priority) or '0') + 1, tenant)
end

local function whole(number) return string.format('%.0f', number) end

-- How many of `number` requests may go now at `rate` a second, `burst` of which may come at once (GCRA, ITU-T I.371: `tat` is the
-- theoretical arrival time). Nothing is taken until `take_permits`.
local function permits(what, number, rate, burst)
    local interval = 1000 / rate
    -- No further ahead than this rate can have brought it: the rate may have been another, and a changed one holds at once.
    local tat = math.min(math.max(tonumber(redis.call('HGET', RATES, what) or '0'), NOW), NOW + burst * interval)
    return math.min(number, math.max(math.floor((NOW + burst * interval - tat) / interval + 1e-6), 0)), tat, interval
end

local function take_permits(what, number, tat, interval)
    if number > 0 then redis.call('HSET', RATES, what, string.format('%.3f', tat + number * interval)) end
end
