-- Keeps how long the exports of a provider and kind take, as an exponentially weighted mean (weight 1/8, as RFC 6298 has it for
-- round trips). KEYS[1]: the hash of durations. ARGV: provider and kind, duration ms

local stored = redis.call('HGET', KEYS[1], ARGV[1])
local samples, mean = string.match(stored or '0 0', '^(%d+) (%d+)$')
samples, mean = tonumber(samples) + 1, tonumber(mean)
mean = samples == 1 and tonumber(ARGV[2]) or mean + (tonumber(ARGV[2]) - mean) / 8
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %.0f', samples, mean))
return { samples, math.floor(mean) }
