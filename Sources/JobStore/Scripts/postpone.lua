-- Takes claims back that nobody could act on: the broker refused their wakes, which is back-pressure, or their provider is not to be
-- asked now. The timers stand, a little later, and the claims do not count.
-- ARGV: delay ms, then job and version of each

local delay = tonumber(ARGV[1])
local postponed = 0
for base = 2, #ARGV, 2 do
    local key = job_key(ARGV[base])
    local version, claims, rest = string.match(redis.call('HGET', key, 'progress') or '', '^(%d+)\t(%d+)(\t.*)$')
    if version == ARGV[base + 1] then
        -- A decision in between has taken the claim back already: a page that was listed, an export that was found ready.
        if claims ~= '0' then redis.call('HSET', key, 'progress', version .. '\t' .. whole(claims - 1) .. rest) end
        redis.call('ZADD', DUE, 'XX', NOW + delay, ARGV[base])
        postponed = postponed + 1
    end
end
return postponed
