-- include: clock, provider_keys
-- Frees the places of exports that the caller found not to run, and notes for the others that they were verified. A place that was taken
-- again since the caller read it has another score, and does not change.
-- ARGV: each: id, score, isFree
-- Returns: freed

local freed = 0
for base = 1, #ARGV, 3 do
    local id, score, is_free = ARGV[base], ARGV[base + 1], ARGV[base + 2]
    if redis.call('ZSCORE', IN_FLIGHT, id) == score then
        if is_free == '1' then
            freed = freed + redis.call('ZREM', IN_FLIGHT, id)
        else
            redis.call('ZADD', IN_FLIGHT, 'XX', whole(NOW), id)
        end
    end
end
return { freed }
