-- include: clock
-- Remembers for a quarter of an hour how much work had nobody who did it. KEYS[1] is a hash; its fields are the minute since 1970 and the kind.
-- ARGV: each: kind, number
-- Returns: kept

local KEPT_MINUTES = 15
local minute = math.floor(NOW / 60000)
for position = 1, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], whole(minute) .. ' ' .. ARGV[position], ARGV[position + 1]) end
local kept, fields = 0, redis.call('HGETALL', KEYS[1])
for place = 1, #fields, 2 do
    local at = tonumber(string.match(fields[place], '^%d+') or '0')
    if at <= minute - KEPT_MINUTES then redis.call('HDEL', KEYS[1], fields[place]) else kept = kept + 1 end
end
return { kept }
