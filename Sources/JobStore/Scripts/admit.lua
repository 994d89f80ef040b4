-- include: clock, job_keys, progress, history, index, job_events
-- Admits new jobs as PENDING, each with a timer. A job that is known already does not change. If its text differs from what is asked for
-- now, it is returned, and the caller decides whether it means the same.
-- ARGV: watchdog, actor; each: id, request, priority, webhook, traceparent
-- Returns: now; each: code, request, webhook

local watchdog, actor = tonumber(ARGV[1]), ARGV[2] ~= '' and ARGV[2] or nil
local NOW_TEXT, WATCHDOG_DUE = whole(NOW), whole(NOW + watchdog)
-- 1: admitted; 2: known, and waits for its creation; 0: known.
local reply, timers, pending = { NOW }, {}, {}

-- One command each for many jobs; `unpack` is bounded.
local function flush()
    if #timers == 0 then return end
    redis.call('ZADD', DUE, unpack(timers))
    redis.call('ZADD', index_key('PENDING'), unpack(pending))
    timers, pending = {}, {}
end

for base = 3, #ARGV, 5 do
    local id, request, priority, webhook, traceparent = ARGV[base], ARGV[base + 1], ARGV[base + 2], ARGV[base + 3], ARGV[base + 4]
    local key = job_key(id)
    if redis.call('HSETNX', key, 'status', 'PENDING') == 0 then
        local known = redis.call('HMGET', key, 'queued', 'request', 'webhook')
        local differs = known[2] ~= request or (known[3] or '') ~= webhook
        reply[#reply + 1] = known[1] == '1' and 2 or 0
        reply[#reply + 1] = differs and known[2] or ''
        reply[#reply + 1] = differs and known[3] or ''
    else
        local fields = {
            'progress', NO_PROGRESS, 'request', request, 'createdAt', NOW_TEXT, 'history', line_of(0, 'PENDING', '', actor), 'queued', '1',
        }
        -- Every waiting job costs memory: default values are left out.
        local function set(field, value, default)
            if value == default then return end
            fields[#fields + 1] = field
            fields[#fields + 1] = value
        end
        set('priority', priority, 'normal')
        set('webhook', webhook, '')
        set('traceparent', traceparent, '')
        redis.call('HSET', key, unpack(fields))
        for _, word in ipairs({ WATCHDOG_DUE, id }) do timers[#timers + 1] = word end
        for _, word in ipairs({ NOW_TEXT, id }) do pending[#pending + 1] = word end
        tell_status(id, 0, request, traceparent, '', 'PENDING', '')
        count_jobs('PENDING', provider_of(request), 1)
        reply[#reply + 1] = 1
        reply[#reply + 1] = ''
        reply[#reply + 1] = ''
        if #timers >= 1000 then flush() end
    end
end
flush()
send_told()
store_counts()
return reply
