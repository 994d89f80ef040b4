-- include: download_keys
-- Gives turns to jobs of the download line: among the tenants of a priority, and within a tenant among its jobs. A job that gets a turn goes
-- behind the others of its tenant and stays in the line until leave_line.lua, so that nothing is lost with the caller.
-- ARGV: each: priority, limit
-- Returns: each: priority, tenant, place, id

local turns = {}
for position = 1, #ARGV, 2 do
    local priority, left, served = ARGV[position], tonumber(ARGV[position + 1]), nil
    while left > 0 do
        local tenant, turn = unpack(redis.call('ZRANGE', tenants_key(priority), 0, 0, 'WITHSCORES'))
        if not tenant then break end
        local key = line_key(priority, tenant)
        local id = redis.call('ZRANGE', key, 0, 0)[1]
        if id then
            local place = redis.call('HINCRBY', TURNS, 'place', 1)
            redis.call('ZADD', key, place, id)
            redis.call('ZADD', tenants_key(priority), tonumber(turn) + 1, tenant)
            for _, word in ipairs({ priority, tenant, place, id }) do turns[#turns + 1] = word end
            served, left = turn, left - 1
        else
            redis.call('ZREM', tenants_key(priority), tenant)
        end
    end
    if served then redis.call('HSET', TURNS, priority, served) end
end
return turns
