-- A file is stored: keeps what the manifest will say of it and counts it, once, if the caller still has the lease.
-- ARGV: id, file, attempt, objects (JSON)
-- Returns {0} when the lease is lost; {1, files stored or given up, files in all, status}, also to one who asks again after a lost answer.

local id, file = ARGV[1], ARGV[2]
local state = redis.call('HGET', files_key(id), file .. '.state')
if state == 'done ' .. ARGV[3] then
    local job = redis.call('HMGET', job_key(id), 'filesDone', 'filesTotal', 'status', 'filesFailed')
    return { 1, tonumber(job[1]) + tonumber(job[4] or '0'), tonumber(job[2]), job[3] }
end
local status = redis.call('HGET', job_key(id), 'status')
if state ~= 'leased ' .. ARGV[3] or status ~= 'READY' and status ~= 'PROCESSING' then return { 0 } end
redis.call('HSET', files_key(id), file .. '.state', 'done ' .. ARGV[3], file .. '.objects', ARGV[4])
redis.call('ZREM', DUE, id .. '#' .. file)
local done = redis.call('HINCRBY', job_key(id), 'filesDone', 1)
local job = redis.call('HMGET', job_key(id), 'filesTotal', 'status', 'createdAt', 'filesFailed')
remember(id, tonumber(job[3]), '+', 'file ' .. file .. ' stored')
return { 1, done + tonumber(job[4] or '0'), tonumber(job[1]), job[2] }
