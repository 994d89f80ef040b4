-- include: clock, provider_keys
-- Rates by GCRA (ITU-T I.371). `tat` is the theoretical arrival time.

-- How many of `number` requests may start now at `rate` a second, `burst` of them at once; then tat and the interval for `use_permits`.
local function available_permits(what, number, rate, burst)
    local interval = 1000 / rate
    local tat = math.max(tonumber(redis.call('HGET', RATES, what) or '0'), NOW)
    -- No further ahead than this rate can have brought it: the rate may have been another. It is stored, so that time counts from now.
    if tat > NOW + burst * interval + 1 then
        tat = NOW + burst * interval
        redis.call('HSET', RATES, what, string.format('%.3f', tat))
    end
    return math.min(number, math.max(math.floor((NOW + burst * interval - tat) / interval + 1e-6), 0)), tat, interval
end

local function use_permits(what, number, tat, interval)
    if number > 0 then redis.call('HSET', RATES, what, string.format('%.3f', tat + number * interval)) end
end

local function return_permits(what, number, rate)
    local tat = tonumber(redis.call('HGET', RATES, what) or '0')
    if tat == 0 or number <= 0 then return 0 end
    redis.call('HSET', RATES, what, string.format('%.3f', tat - number * 1000 / rate))
    return 1
end
