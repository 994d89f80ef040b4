-- Takes jobs from a provider's waiting lists, within its limits: high before normal before low by turns of ten, so that none
-- starves, and within a priority by turns among the tenants that have jobs waiting (start-time fair queueing with equal weights:
-- Goyal, Vin, Cheng 1996; a job is a unit of service).
-- ARGV: how many at most, creates a second (0: any), burst, exports in flight (0: any)
-- Returns how long to wait before asking again in ms (0: more may be there; -1: nothing waits), then the jobs.

local limit, rate, burst, in_flight = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ORDER = { 'high', 'high', 'normal', 'high', 'high', 'normal', 'low', 'high', 'normal', 'high' }

local function pop(priority)
    while true do
        local tenant = redis.call('ZRANGE', tenants_key(priority), 0, 0, 'WITHSCORES')
        if not tenant[1] then return nil end
        local key = waiting_key(priority, tenant[1])
        local id = redis.call('ZPOPMIN', key)[1]
        if id then
            redis.call('HSET', TURNS, priority, tenant[2])
            if redis.call('EXISTS', key) == 1 then
                redis.call('ZADD', tenants_key(priority), tonumber(tenant[2]) + 1, tenant[1])
            else
                redis.call('ZREM', tenants_key(priority), tenant[1])
            end
            return id
        end
        redis.call('ZREM', tenants_key(priority), tenant[1])
    end
end

local function next_waiting(turn)
    local id = pop(ORDER[turn % #ORDER + 1])
    if id then return id end
    for _, priority in ipairs({ 'high', 'normal', 'low' }) do
        id = pop(priority)
        if id then return id end
    end
end

local wait, tat, interval = 0, nil, nil
if in_flight > 0 then
    local room = in_flight - redis.call('ZCARD', IN_FLIGHT)
    if room < limit then limit, wait = math.max(room, 0), 250 end
end
if rate > 0 then
    local allowed
    allowed, tat, interval = permits('creates', limit, rate, burst)
    if allowed < limit then limit, wait = allowed, math.max(math.ceil(tat + (allowed + 1 - burst) * interval - NOW), 1) end
end

local turn = tonumber(redis.call('HGET', TURNS, 'turn') or '0')
local taken = { wait }
while #taken <= limit do
    local id = next_waiting(turn)
    if not id then
        taken[1] = -1
        break
    end
    turn = turn + 1
    if in_flight > 0 then redis.call('ZADD', IN_FLIGHT, NOW, id) end
    taken[#taken + 1] = id
end
if #taken > 1 then
    redis.call('HSET', TURNS, 'turn', whole(turn % #ORDER))
    if rate > 0 then take_permits('creates', #taken - 1, tat, interval) end
elseif limit == 0 then
    local waiting = 0
    for _, priority in ipairs({ 'high', 'normal', 'low' }) do waiting = waiting + redis.call('EXISTS', tenants_key(priority)) end
    if waiting == 0 then taken[1] = -1 end
end
return taken
