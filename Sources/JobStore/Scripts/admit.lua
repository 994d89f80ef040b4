-- Takes new jobs in as PENDING, each with a timer. A job that is known already is left alone.
-- ARGV: watchdog ms, then for each job: id, provider, parameters, priority, tenant, correlationId, webhook, traceparent
-- Returns NOW, then for each job 1 (taken in), 2 (known, and waits for its creation) or 0 (known).

local watchdog = tonumber(ARGV[1])
local NOW_TEXT, LOOK_AGAIN = whole(NOW), whole(NOW + watchdog)
local admitted, timers, pending = { NOW }, {}, {}

-- One command each for many; `unpack` is bounded.
local function flush()
    if #timers == 0 then return end
    redis.call('ZADD', DUE, unpack(timers))
    redis.call('ZADD', index_key('PENDING'), unpack(pending))
    timers, pending = {}, {}
end

for base = 2, #ARGV, 8 do
    local id = ARGV[base]
    local key = job_key(id)
    if redis.call('HSETNX', key, 'status', 'PENDING') == 0 then
        admitted[#admitted + 1] = redis.call('HGET', key, 'queued') == '1' and 2 or 0
    else
        -- What a wake carries and nothing changes is one field, as the wake has it.
        local correlation = ARGV[base + 5] ~= id and ARGV[base + 5] or ''
        local fields = {
            'progress', '0\t0\t0\t0\t0\t0\t0', 'request', table.concat({ ARGV[base + 1], ARGV[base + 4], correlation, ARGV[base + 2] }, '\t'),
            'createdAt', NOW_TEXT, 'history', longer('', 0, 'PENDING', ''), 'queued', '1',
        }
        -- Every waiting job costs memory: what has its default value is left out.
        local function set(field, value, default)
            if value == default then return end
            fields[#fields + 1] = field
            fields[#fields + 1] = value
        end
        set('priority', ARGV[base + 3], 'normal')
        set('webhook', ARGV[base + 6], '')
        set('traceparent', ARGV[base + 7], '')
        redis.call('HSET', key, unpack(fields))
        for _, word in ipairs({ LOOK_AGAIN, id }) do timers[#timers + 1] = word end
        for _, word in ipairs({ NOW_TEXT, id }) do pending[#pending + 1] = word end
        admitted[#admitted + 1] = 1
        if #timers >= 1000 then flush() end
    end
end
flush()
return admitted
