-- include: clock, job_keys
-- Stores the results of attempts at webhook messages, each if its caller still has the claim. A message that is delivered or given up is
-- removed. A result without a failure is a claim that was handed back: no attempt was made.
-- ARGV: each: name, claim, delay, failed
-- Returns: each: isStored

local reply = {}
for base = 1, #ARGV, 4 do
    local name, claim, delay, failed = ARGV[base], ARGV[base + 1], tonumber(ARGV[base + 2]), ARGV[base + 3] == '1'
    local key = webhook_key(name)
    if redis.call('HGET', key, 'claims') ~= claim then
        reply[#reply + 1] = 0
    else
        reply[#reply + 1] = 1
        if delay < 0 then
            redis.call('UNLINK', key)
            redis.call('ZREM', DUE, name)
            redis.call('ZREM', WEBHOOKS, name)
        else
            redis.call('HSET', key, 'handled', claim)
            if failed then
                redis.call('HINCRBY', key, 'attempts', 1)
                redis.call('HSETNX', key, 'failedAt', whole(NOW))
            end
            redis.call('ZADD', DUE, whole(NOW + delay), name)
        end
    end
end
return reply
