-- include: clock, job_keys, file_state
-- The heartbeat of a transfer: moves the file's timer forward if the caller still has the lease. The lease is lost too when the job was
-- cancelled, or when another of its files failed it.
-- ARGV: id, file, from, lease
-- Returns: isExtended

local id, file = ARGV[1], ARGV[2]
if not is_transferring(redis.call('HGET', job_key(id), 'status')) then return { 0 } end
if state_mark(redis.call('HGET', files_key(id), file .. '.state')) ~= ARGV[3] then return { 0 } end
set_file_timer(id, file, tonumber(ARGV[4]))
return { 1 }
