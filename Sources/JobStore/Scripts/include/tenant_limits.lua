-- include: clock, provider_keys
-- The limits of each tenant: a rate by GCRA, and places for its exports in flight.

-- An export ends within this time, in ms.
local LONGEST_EXPORT = 30 * 86400000

local tenant_interval, tenant_burst, tenant_places = 0, 0, 0

local function limit_tenants(rate, burst, places)
    tenant_interval, tenant_burst, tenant_places = rate > 0 and 1000 / rate or 0, burst, places
end

-- Remembers for `take_place.lua` which places are counted.
local function note_places(in_flight)
    local known = redis.call('HMGET', TURNS, 'places', 'tenantPlaces')
    for index, is_counted in ipairs({ in_flight > 0 or tenant_places > 0, tenant_places > 0 }) do
        local field = index == 1 and 'places' or 'tenantPlaces'
        if known[index] and not is_counted then redis.call('HDEL', TURNS, field) end
        if not known[index] and is_counted then redis.call('HSET', TURNS, field, '1') end
    end
end

local function add_tenant_place(tenant, id)
    redis.call('ZADD', tenant_places_key(tenant), NOW, id)
    redis.call('PEXPIRE', tenant_places_key(tenant), LONGEST_EXPORT)
end

-- How many places were looked at in this call.
local places_seen = 0

-- Forgets the places of exports that have ended.
local function has_place(tenant)
    local key = tenant_places_key(tenant)
    if redis.call('ZCARD', key) < tenant_places then return true end
    local ids, has_freed = redis.call('ZRANGE', key, 0, -1), false
    places_seen = places_seen + #ids
    -- One command each for many; `unpack` is bounded.
    for from = 1, #ids, 1000 do
        local part = { unpack(ids, from, math.min(from + 999, #ids)) }
        local ended = {}
        for index, since in ipairs(redis.call('ZMSCORE', IN_FLIGHT, unpack(part))) do
            if not since then ended[#ended + 1] = part[index] end
        end
        if #ended > 0 then
            redis.call('ZREM', key, unpack(ended))
            has_freed = true
        end
    end
    return has_freed and redis.call('ZCARD', key) < tenant_places
end

-- How long the tenant has to wait until a job of it may be taken, in ms; nil if one may be.
local function pause_of_tenant(tenant)
    if tenant_places > 0 and not has_place(tenant) then return 250 end
    if tenant_interval == 0 then return nil end
    local tat = tonumber(redis.call('HGET', tenant_rate_key(tenant), 'tat') or '0')
    local furthest = NOW + tenant_burst * tenant_interval
    -- The rate was another: time counts from now.
    if tat > furthest + 1 then
        tat = furthest
        redis.call('HSET', tenant_rate_key(tenant), 'tat', string.format('%.3f', tat))
    end
    local pause = math.ceil(tat + tenant_interval - furthest)
    if pause > 0 then return pause end
end

-- A job that is taken and then not started keeps its permit: the limit is never exceeded.
local function charge_tenant(tenant, id)
    if tenant_places > 0 then
        add_tenant_place(tenant, id)
        redis.call('ZADD', IN_FLIGHT, whole(NOW), id)
    end
    if tenant_interval == 0 then return end
    local key = tenant_rate_key(tenant)
    local tat = math.max(tonumber(redis.call('HGET', key, 'tat') or '0'), NOW) + tenant_interval
    redis.call('HSET', key, 'tat', string.format('%.3f', tat))
    redis.call('PEXPIRE', key, math.ceil(tat - NOW) + 1)
end
