-- include: clock, job_keys, progress, history
-- Claims jobs that were taken from a waiting list, for their creation. A job that somebody else has claimed, or that is not due yet, does
-- not change: the list is only a hint.
-- ARGV: lease, actor; each: id
-- Returns: now; each: id, job

local UNTIL = whole(NOW + tonumber(ARGV[1]))
local reply, timers = { NOW }, {}

-- One command for many jobs; `unpack` is bounded.
local function flush()
    if #timers > 0 then redis.call('ZADD', DUE, unpack(timers)) end
    timers = {}
end

for position = 3, #ARGV do
    local id = ARGV[position]
    local key = job_key(id)
    local fields, known = redis.call('HGETALL', key), {}
    for place = 1, #fields, 2 do known[fields[place]] = fields[place + 1] end
    if known.status == 'PENDING' and known.queued then
        local progress = stepped(known.progress, 1)
        redis.call('HDEL', key, 'queued')
        redis.call('HSET', key, 'progress', progress, 'history',
            told(id, known.history, 'PENDING', NOW - known.createdAt, '>', 'create', ARGV[2]))
        -- Of two fields with one name, the reader takes the last.
        fields[#fields + 1] = 'progress'
        fields[#fields + 1] = progress
        timers[#timers + 1] = UNTIL
        timers[#timers + 1] = id
        reply[#reply + 1] = id
        reply[#reply + 1] = fields
        if #timers >= 1000 then flush() end
    end
end
flush()
return reply
