-- The heartbeat of a transfer: moves the lease forward if the caller still has it.
-- ARGV: id, file, attempt, lease ms
-- Returns 1, or 0 when the lease is lost.

local id, file = ARGV[1], ARGV[2]
-- Somebody cancelled the job, or another of its files failed it.
local status = redis.call('HGET', job_key(id), 'status')
if status ~= 'READY' and status ~= 'PROCESSING' then return 0 end
if redis.call('HGET', files_key(id), file .. '.state') ~= 'leased ' .. ARGV[3] then return 0 end
redis.call('ZADD', DUE, NOW + tonumber(ARGV[4]), id .. '#' .. file)
return 1
