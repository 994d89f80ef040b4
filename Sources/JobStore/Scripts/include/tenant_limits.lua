-- include: clock, provider_keys
-- The limits of each tenant: a rate by GCRA, and places for its exports in flight.

-- An export ends within this time, in ms.
local LONGEST_EXPORT = 30 * 86400000

local tenant_interval, tenant_burst, tenant_places = 0, 0, 0

local function limit_tenants(rate, burst, places)
    tenant_interval, tenant_burst, tenant_places = rate > 0 and 1000 / rate or 0, burst, places
    local counted = redis.call('HGET', TURNS, 'tenantPlaces') == '1'
    if counted and places == 0 then redis.call('HDEL', TURNS, 'tenantPlaces') end
    if not counted and places > 0 then redis.call('HSET', TURNS, 'tenantPlaces', '1') end
end

local function add_tenant_place(tenant, id)
    redis.call('ZADD', tenant_places_key(tenant), NOW, id)
    redis.call('PEXPIRE', tenant_places_key(tenant), LONGEST_EXPORT)
end

local function has_place(tenant)
    local key = tenant_places_key(tenant)
    if redis.call('ZCARD', key) < tenant_places then return true end
    local ids, left = redis.call('ZRANGE', key, 0, -1), 0
    for _, id in ipairs(ids) do
        if redis.call('ZSCORE', IN_FLIGHT, id) then left = left + 1 else redis.call('ZREM', key, id) end
    end
    return left < tenant_places
end

-- How long the tenant has to wait until a job of it may be taken, in ms; nil if one may be.
local function pause_of_tenant(tenant)
    if tenant_places > 0 and not has_place(tenant) then return 250 end
    if tenant_interval == 0 then return nil end
    local tat = tonumber(redis.call('HGET', tenant_rate_key(tenant), 'tat') or '0')
    local pause = math.ceil(math.min(tat, NOW + tenant_burst * tenant_interval) + tenant_interval - tenant_burst * tenant_interval - NOW)
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
