-- include: clock, provider_keys, rate
-- Asks for permits of a rate. Callers that get none learn when to ask again, one after the other at the same rate, so that they neither
-- ask all at once nor in vain; unless they do not queue, because they wait elsewhere. `first` in ms, `interval` in microseconds.
-- ARGV: what, number, weight, rate, burst, queues
-- Returns: granted, first, interval

local what, number, weight, rate, burst = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local available, tat, interval = available_permits(what, number * weight, rate, burst)
local granted = math.floor(available / weight)
use_permits(what, granted * weight, tat, interval)
local denied = number - granted
if denied == 0 then return { granted, 0, 0 } end
interval = interval * weight
local next_free = tat + (granted + 1) * interval - burst * 1000 / rate
if ARGV[6] == '0' then return { granted, math.ceil(math.max(next_free - NOW, 1)), math.ceil(interval * 1000) } end
-- The queue of denied requests ends where the last of them asks again. A queue of another rate does not count, and nobody waits longer than
-- ten minutes, so that a changed rate soon holds for all.
local LONGEST = 600000
if redis.call('HGET', RATES, what .. ':rate') ~= ARGV[4] then redis.call('HDEL', RATES, what .. ':queue') end
local queue = what .. ':queue'
local first = math.max(tonumber(redis.call('HGET', RATES, queue) or '0'), next_free, NOW)
redis.call('HSET', RATES, queue, string.format('%.3f', first + denied * interval), what .. ':rate', ARGV[4])
local wait = math.min(first - NOW, LONGEST)
return { granted, math.ceil(wait), math.ceil(math.min(interval, (LONGEST - wait) / denied) * 1000) }
