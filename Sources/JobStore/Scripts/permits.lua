-- include: clock, provider_keys, rate
-- Asks for permits of a rate. Callers that get none learn when to ask again, one after the other at the same rate, so that they neither
-- ask all at once nor in vain. One that waits elsewhere does not queue with all its requests: while others queue, it gets one permit after
-- what queues now, and at most every second one, so that neither starves. `first` in ms, `interval` in microseconds.
-- ARGV: what, number, weight, rate, burst, queues
-- Returns: granted, first, interval

local what, number, weight, rate, burst = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local queues = ARGV[6] == '1'
-- A denied request comes back by a timer and a queue, this much late at most, in ms.
local LATE = 1000
-- Nobody waits longer than this, so that a changed rate soon holds for all. In ms.
local LONGEST = 600000

local function field(name) return what .. ':' .. name end
local function store(name, value) redis.call('HSET', RATES, field(name), string.format('%.3f', value)) end

-- A queue and a burst of another rate do not count.
if redis.call('HGET', RATES, field('rate')) ~= ARGV[4] then
    redis.call('HDEL', RATES, field('queue'), field('turn'), field('denied'), field('burst'), field('burstAt'))
    redis.call('HSET', RATES, field('rate'), ARGV[4])
end
local known = redis.call('HMGET', RATES, field('queue'), field('turn'), field('denied'), field('burst'), field('burstAt'))
for index = 1, 5 do known[index] = tonumber(known[index] or '0') end
local queue, turn, denied_until, known_burst, named = unpack(known)

-- Those who share a rate share the largest burst, or heavy requests would leave nothing to light ones. It is forgotten when nobody has named
-- it for LONGEST.
if known_burst > burst and NOW - named < LONGEST then
    burst = known_burst
elseif known_burst ~= burst or NOW - named > LONGEST / 10 then
    redis.call('HSET', RATES, field('burst'), whole(burst), field('burstAt'), whole(NOW))
end

local available, tat, interval = available_permits(what, number * weight, rate, burst)
local cost = interval * weight
local function next_free(granted) return tat + (granted + 1) * cost - burst * interval end

-- The caller's next turn behind those who queue.
local function take_turn(soonest)
    turn = math.min(math.max(queue, soonest), NOW + LONGEST)
    store('turn', turn)
    store('queue', math.max(queue, turn + cost))
end

local is_turn = not queues and denied_until + LATE > NOW
if is_turn then
    if turn == 0 then take_turn(NOW + cost) end
    if turn > NOW then return { 0, math.ceil(turn - NOW), math.ceil(cost * 1000) } end
    number = 1
end

local granted = math.min(number, math.floor(available / weight))
use_permits(what, granted * weight, tat, interval)
if is_turn and granted > 0 then take_turn(NOW + 2 * cost) end
local denied = number - granted
if denied == 0 then return { granted, 0, 0 } end
if not queues then return { granted, math.ceil(math.max(next_free(granted) - NOW, 1)), math.ceil(cost * 1000) } end
-- The queue ends where the last denied request asks again.
local first = math.max(queue, next_free(granted), NOW)
store('queue', first + denied * cost)
store('denied', first + denied * cost)
local wait = math.min(first - NOW, LONGEST)
return { granted, math.ceil(wait), math.ceil(math.min(cost, (LONGEST - wait) / denied) * 1000) }
