-- Remembers how long the exports of a provider and kind take, as an exponentially weighted mean (weight 1/8, as RFC 6298 uses it for round
-- trips). KEYS[1] is the hash of durations.
-- ARGV: each: kind, duration
-- Returns: learned

local known = {}
for position = 1, #ARGV, 2 do
    local kind, duration = ARGV[position], tonumber(ARGV[position + 1])
    local samples, mean = string.match(known[kind] or redis.call('HGET', KEYS[1], kind) or '0 0', '^(%d+) (%d+)$')
    samples, mean = tonumber(samples) + 1, tonumber(mean)
    mean = samples == 1 and duration or mean + (duration - mean) / 8
    known[kind] = string.format('%.0f %.0f', samples, mean)
end
for kind, text in pairs(known) do redis.call('HSET', KEYS[1], kind, text) end
return { #ARGV / 2 }
