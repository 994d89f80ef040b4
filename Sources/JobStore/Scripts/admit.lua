-- Takes new jobs in as PENDING, each with a timer and a place in the waiting list. A job that is known already is left alone.
-- ARGV: watchdog ms, then for each job: id, provider, parameters, priority, tenant, correlationId, webhook, traceparent, maxWait ms
-- Returns for each job 1 (taken in) or 0 (known).

local watchdog = tonumber(ARGV[1])
local admitted = {}
for base = 2, #ARGV, 9 do
    local id = ARGV[base]
    local key = job_key(id)
    if redis.call('HSETNX', key, 'status', 'PENDING') == 0 then
        admitted[#admitted + 1] = 0
    else
        local priority = ARGV[base + 3]
        local fields = {
            'exportJobId', id, 'provider', ARGV[base + 1], 'parameters', ARGV[base + 2], 'version', '0', 'attempts', '0',
            'createdAt', whole(NOW), 'expiresAt', whole(NOW + tonumber(ARGV[base + 8])),
            'history', longer('', NOW, 'PENDING', ''),
        }
        -- Every waiting job costs memory: what has its default value is left out.
        local function set(field, value, default)
            if value == default then return end
            fields[#fields + 1] = field
            fields[#fields + 1] = value
        end
        set('priority', priority, 'normal')
        set('tenant', ARGV[base + 4], 'default')
        set('correlationId', ARGV[base + 5], id)
        set('webhook', ARGV[base + 6], '')
        set('traceparent', ARGV[base + 7], '')
        redis.call('HSET', key, unpack(fields))
        redis.call('ZADD', DUE, NOW + watchdog, id)
        redis.call('ZADD', waiting_key(priority), NOW, id)
        count(id, nil, 'PENDING')
        admitted[#admitted + 1] = 1
    end
end
return admitted
