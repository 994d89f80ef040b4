-- include: clock, job_keys, file_state, file_names
-- Gives a file the name that its download tells, if the caller still has the lease. The name that it had stays reserved for it. The first
-- download that tells a name decides: a later attempt must write the same objects, also where the name holds the time.
-- ARGV: id, file, from, name
-- Returns: name

local id, file = ARGV[1], ARGV[2]
local files = files_key(id)
if not is_transferring(redis.call('HGET', job_key(id), 'status')) then return { '' } end
if state_mark(redis.call('HGET', files, file .. '.state')) ~= ARGV[3] then return { '' } end
if redis.call('HGET', files, file .. '.told') then return { redis.call('HGET', files, file .. '.name') } end
local name = reserve_name(files, ARGV[4], file)
redis.call('HSET', files, file .. '.name', name, file .. '.told', 1)
return { name }
