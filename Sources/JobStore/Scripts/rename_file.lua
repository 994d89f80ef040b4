-- include: clock, job_keys, file_state, file_names
-- Gives a file the name that its download tells, if the caller still has the lease. The name that it had stays reserved for it.
-- ARGV: id, file, from, name
-- Returns: name

local id, file = ARGV[1], ARGV[2]
local files = files_key(id)
if not is_transferring(redis.call('HGET', job_key(id), 'status')) then return { '' } end
if state_mark(redis.call('HGET', files, file .. '.state')) ~= ARGV[3] then return { '' } end
local name = reserve_name(files, ARGV[4], file)
redis.call('HSET', files, file .. '.name', name)
return { name }
