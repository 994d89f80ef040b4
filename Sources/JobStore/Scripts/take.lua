-- include: clock, provider_keys, waiting, rate, tenant_limits
-- Takes jobs from a provider's waiting lists, within its limits: high before normal before low by turns of ten, so that none
-- starves, and within a priority by turns among the tenants that have jobs waiting (start-time fair queueing with equal weights:
-- Goyal, Vin, Cheng 1996; a job is a unit of service).
-- A tenant that has no place or no permit of its own is passed over: it takes a turn behind the others.
-- Taken jobs are remembered until `settle.lua`. Jobs that somebody took longer ago than a lease go back into their lists first.
-- ARGV: limit, createsPerSecond, burst, inFlight, tenantPerSecond, tenantBurst, tenantInFlight, lease
-- Returns: wait; each: entry, since

local limit, rate, burst, in_flight = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', TAKEN, '-inf', NOW - tonumber(ARGV[8]), 'LIMIT', 0, 100)) do
    local priority, tenant, id = string.match(entry, '^([^\t]*)\t(.*)\t([^\t]*)$')
    join_line(priority, tenant, { 0, id })
    redis.call('ZREM', TAKEN, entry)
end
-- ExportCore's `PriorityTurns.order`; a test compares them.
local ORDER = { 'high', 'high', 'normal', 'high', 'high', 'normal', 'low', 'high', 'normal', 'high' }

-- The priorities for which nothing waits any more, and the last turn that each priority served.
local empty, turns = {}, {}

-- The tenants that are passed over leave the turns until the end of the call; `least` is how long the first of them has to wait.
local passed_over, least, has_more = {}, nil, false
-- So many tenants and places are looked at in one call; the next one begins with others.
local LOOKS, PLACES = 200, 20000

local function pass_over(priority, tenant, turn, pause)
    least = math.min(least or pause, pause)
    redis.call('ZREM', tenants_key(priority), tenant)
    passed_over[#passed_over + 1] = { priority, tenant, tonumber(turn) }
end

-- They take a turn behind those that were served.
local function return_passed_over()
    for _, entry in ipairs(passed_over) do
        local priority, tenant, turn = unpack(entry)
        redis.call('ZADD', tenants_key(priority), math.max(turn, tonumber(turns[priority] or '0')) + 1, tenant)
    end
end

local function pop(priority)
    while not empty[priority] do
        local tenant = redis.call('ZRANGE', tenants_key(priority), 0, 0, 'WITHSCORES')
        local is_enough = #passed_over >= LOOKS or places_seen >= PLACES
        if not tenant[1] or is_enough then
            has_more = has_more or tenant[1] ~= nil
            empty[priority] = true
            return nil
        end
        local key = waiting_key(priority, tenant[1])
        local pause = pause_of_tenant(tenant[1])
        local id, since
        if not pause then id, since = unpack(redis.call('ZPOPMIN', key)) end
        if pause then
            pass_over(priority, tenant[1], tenant[2], pause)
        elseif id then
            charge_tenant(tenant[1], id)
            turns[priority] = tenant[2]
            if redis.call('EXISTS', key) == 1 then
                redis.call('ZADD', tenants_key(priority), tonumber(tenant[2]) + 1, tenant[1])
            else
                redis.call('ZREM', tenants_key(priority), tenant[1])
            end
            return id, priority .. '\t' .. tenant[1] .. '\t' .. id, since
        end
        if not pause then redis.call('ZREM', tenants_key(priority), tenant[1]) end
    end
end

local function next_waiting(turn)
    local id, entry, since = pop(ORDER[turn % #ORDER + 1])
    if id then return id, entry, since end
    for _, priority in ipairs({ 'high', 'normal', 'low' }) do
        id, entry, since = pop(priority)
        if id then return id, entry, since end
    end
end

limit_tenants(tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]))
note_places(in_flight)
local wait, tat, interval = 0, nil, nil
if in_flight > 0 then
    local room = in_flight - redis.call('ZCARD', IN_FLIGHT)
    if room < limit then limit, wait = math.max(room, 0), 250 end
end
if rate > 0 then
    local allowed
    allowed, tat, interval = available_permits('creates', limit, rate, burst)
    if allowed < limit then limit, wait = allowed, math.max(math.ceil(tat + (allowed + 1 - burst) * interval - NOW), 1) end
end

local turn = tonumber(redis.call('HGET', TURNS, 'turn') or '0')
local NOW_TEXT = whole(NOW)
local reply, taken, entries, ids = { wait }, 0, {}, {}

-- One command each for many jobs; `unpack` is bounded.
local function flush()
    if #entries == 0 then return end
    redis.call('ZADD', TAKEN, unpack(entries))
    if in_flight > 0 then redis.call('ZADD', IN_FLIGHT, unpack(ids)) end
    entries, ids = {}, {}
end

while taken < limit do
    local id, entry, since = next_waiting(turn)
    if not id then
        -- If none of those that were looked at had anything, the next ones are looked at no sooner than they are again.
        reply[1] = has_more and (taken > 0 and 1 or math.min(least or 250, 250)) or least or -1
        break
    end
    turn = turn + 1
    taken = taken + 1
    reply[#reply + 1] = entry
    reply[#reply + 1] = since
    for _, word in ipairs({ NOW_TEXT, entry }) do entries[#entries + 1] = word end
    for _, word in ipairs({ NOW_TEXT, id }) do ids[#ids + 1] = word end
    if #entries >= 1000 then flush() end
end
flush()
return_passed_over()
if taken > 0 then
    local served = { 'turn', whole(turn % #ORDER) }
    for priority, number in pairs(turns) do
        for _, word in ipairs({ priority, number }) do served[#served + 1] = word end
    end
    redis.call('HSET', TURNS, unpack(served))
    if rate > 0 then use_permits('creates', taken, tat, interval) end
elseif limit == 0 then
    local waiting = 0
    for _, priority in ipairs({ 'high', 'normal', 'low' }) do waiting = waiting + redis.call('EXISTS', tenants_key(priority)) end
    if waiting == 0 then reply[1] = -1 end
end
return reply
