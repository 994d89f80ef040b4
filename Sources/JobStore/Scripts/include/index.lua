-- include: clock, job_keys
-- The indices follow the status; the size of an index is the number of jobs with that status. POLLING has a counter instead, because the
-- due set already holds the many jobs that wait.

local function move_index(id, from, to)
    if from == to then return end
    if from == 'POLLING' then redis.call('HINCRBY', COUNTS, from, -1) else redis.call('ZREM', index_key(from), id) end
    if to == 'POLLING' then redis.call('HINCRBY', COUNTS, to, 1) else redis.call('ZADD', index_key(to), whole(NOW), id) end
end
