-- Asks for permits of a rate. Those who get none are told when to come again, one after the other at the same rate, so that
-- they neither come all at once nor ask in vain.
-- ARGV: what, how many, rate a second, burst
-- Returns how many may go now, then for the others: ms until the first of them, and microseconds from one to the next.

local what, number, rate, burst = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local granted, tat, interval = permits(what, number, rate, burst)
take_permits(what, granted, tat, interval)
local denied = number - granted
if denied == 0 then return { granted, 0, 0 } end
-- The queue of those who were sent away; it ends where its last one is told to come. Of another rate it says nothing, and nobody is
-- sent away for longer than ten minutes, so that a changed rate soon holds for all.
local LONGEST = 600000
if redis.call('HGET', RATES, what .. ':rate') ~= ARGV[3] then redis.call('HDEL', RATES, what .. ':queue') end
local queue = what .. ':queue'
local first = math.max(tonumber(redis.call('HGET', RATES, queue) or '0'), tat + (granted + 1 - burst) * interval, NOW)
redis.call('HSET', RATES, queue, string.format('%.3f', first + denied * interval), what .. ':rate', ARGV[3])
local wait = math.min(first - NOW, LONGEST)
return { granted, math.ceil(wait), math.ceil(math.min(interval, (LONGEST - wait) / denied) * 1000) }
