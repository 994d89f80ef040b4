-- include: download_keys
-- Takes jobs out of the download line, if they stand where their turn put them. A job that had another turn or was lined up again meanwhile
-- may have listed files, and stays.
-- ARGV: each: priority, tenant, place, id
-- Returns: left

local left = 0
for position = 1, #ARGV, 4 do
    local priority, tenant, place, id = unpack(ARGV, position, position + 3)
    local key = line_key(priority, tenant)
    if tonumber(redis.call('ZSCORE', key, id) or '-1') == tonumber(place) then
        redis.call('ZREM', key, id)
        redis.call('HINCRBY', TURNS, 'jobs:' .. priority, -1)
        if redis.call('EXISTS', key) == 0 then redis.call('ZREM', tenants_key(priority), tenant) end
        left = left + 1
    end
end
return { left }
