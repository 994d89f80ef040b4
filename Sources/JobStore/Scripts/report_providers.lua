-- include: clock
-- Orchestrators report here which providers they know. KEYS[1] is a hash: for each name when it was last reported and what it
-- says of itself, as JSON. A name that
-- nobody has reported for `timeout`, although others report, is forgotten; the last report stays when all orchestrators are gone.
-- ARGV: timeout; each: name, about
-- Returns: known

local oldest = NOW - tonumber(ARGV[1])
for position = 2, #ARGV, 2 do
    redis.call('HSET', KEYS[1], ARGV[position], '{"reportedAt":' .. whole(NOW) .. ARGV[position + 1] .. '}')
end
local known, reports = 0, redis.call('HGETALL', KEYS[1])
for place = 1, #reports, 2 do
    local at = tonumber(string.match(reports[place + 1], '"reportedAt":(%d+)') or '0')
    if at < oldest then redis.call('HDEL', KEYS[1], reports[place]) else known = known + 1 end
end
return { known }
