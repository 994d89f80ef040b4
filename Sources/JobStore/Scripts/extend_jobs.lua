-- include: clock, job_keys, progress
-- The heartbeat of the jobs that an orchestrator works on: moves their timers forward if the versions are current.
-- ARGV: lease; each: id, version
-- Returns: extended

local due, extended = NOW + tonumber(ARGV[1]), 0
for base = 2, #ARGV, 2 do
    local id, expected = ARGV[base], ARGV[base + 1]
    if version_of(redis.call('HGET', job_key(id), 'progress')) == expected then
        extended = extended + redis.call('ZADD', DUE, 'XX', 'CH', due, id)
    end
end
return { extended }
