-- Ends the taking of jobs that were started, or that turned out to be none.
-- ARGV: creates a second (0: any), how many permits to give back, how many were taken, their entries, then the jobs whose places in
-- flight are to be freed

local rate, back, number = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
for first = 4, 3 + number, 1000 do redis.call('ZREM', TAKEN, unpack(ARGV, first, math.min(first + 999, 3 + number))) end
for position = 4 + number, #ARGV do redis.call('ZREM', IN_FLIGHT, ARGV[position]) end
if rate > 0 and back > 0 then
    local tat = tonumber(redis.call('HGET', RATES, 'creates') or '0')
    if tat > 0 then redis.call('HSET', RATES, 'creates', string.format('%.3f', tat - back * 1000 / rate)) end
end
return number
