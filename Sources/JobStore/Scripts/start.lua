-- Claims waiting jobs for their creation, high before normal before low by turns of ten, so that none starves.
-- ARGV: how many at most, lease ms
-- Returns NOW, then a job's fields (HGETALL) for each.

local limit = tonumber(ARGV[1])
local lease = tonumber(ARGV[2])
local TURNS = { 'high', 'high', 'normal', 'high', 'high', 'normal', 'low', 'high', 'normal', 'high' }
local ORDER = { 'high', 'normal', 'low' }

local function pop(priority) return redis.call('ZPOPMIN', waiting_key(priority), 1)[1] end

local function next_waiting(turn)
    local id = pop(TURNS[turn % #TURNS + 1])
    if id then return id end
    for _, priority in ipairs(ORDER) do
        id = pop(priority)
        if id then return id end
    end
end

local turn = tonumber(redis.call('GET', TURN) or '0')
local jobs = { NOW }
while #jobs <= limit do
    local id = next_waiting(turn)
    if not id then break end
    local key = job_key(id)
    if redis.call('HGET', key, 'status') == 'PENDING' then
        turn = turn + 1
        redis.call('HINCRBY', key, 'version', 1)
        redis.call('HINCRBY', key, 'claims', 1)
        redis.call('ZADD', DUE, NOW + lease, id)
        jobs[#jobs + 1] = redis.call('HGETALL', key)
    end
end
if #jobs > 1 then redis.call('SET', TURN, turn % #TURNS) end
return jobs
