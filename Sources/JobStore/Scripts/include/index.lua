-- include: clock, job_keys, request
-- The indices follow the status: an index holds the jobs with a status, by the time at which they got it. POLLING has none, because the
-- due set already holds the many jobs that wait. COUNTS holds how many jobs each provider has with each status.

-- A job that has ended stands in its index with its provider, because its record expires earlier than the index forgets it.
local function index_member(id, status, provider)
    if status == 'COMPLETED' or status == 'FAILED' then return id .. '\t' .. provider end
    return id
end

-- One command for all jobs of a script that move alike: it calls `store_counts` before it ends.
local counted = {}
local function count_jobs(status, provider, number)
    local field = status .. ' ' .. provider
    counted[field] = (counted[field] or 0) + number
end

local function store_counts()
    for field, number in pairs(counted) do
        if number ~= 0 and redis.call('HINCRBY', COUNTS, field, whole(number)) == 0 then redis.call('HDEL', COUNTS, field) end
    end
end

-- `since`: since when a POLLING job polls. Returns how long the job had the status that it leaves, in ms.
local function move_index(id, from, to, provider, since)
    if from == to then return 0 end
    local member, left, joined = index_member(id, from, provider), 1, 1
    if from ~= 'POLLING' then
        since = redis.call('ZSCORE', index_key(from), member)
        left = redis.call('ZREM', index_key(from), member)
    end
    -- An earlier job of this id may still stand there.
    if to ~= 'POLLING' then joined = redis.call('ZADD', index_key(to), whole(NOW), index_member(id, to, provider)) end
    count_jobs(from, provider, -left)
    count_jobs(to, provider, joined)
    -- The server's clock may have been set back.
    return math.max(NOW - tonumber(since or NOW), 0)
end
