-- include: clock, job_keys, file_state
-- Sets the states of files that are still exactly what the caller read, and their timers: files whose timer fired, and files whose message
-- seems lost.
-- ARGV: id; each: file, from, state, delay
-- Returns: each: file

local id = ARGV[1]
if not is_transferring(redis.call('HGET', job_key(id), 'status')) then return {} end
local files, names = files_key(id), {}
for base = 2, #ARGV, 4 do names[#names + 1] = ARGV[base] .. '.state' end
if #names == 0 then return {} end
local states = redis.call('HMGET', files, unpack(names))
local changed, values, gone = {}, {}, {}
for position, name in ipairs(names) do
    local base = position * 4 - 2
    local file, from, state, delay = ARGV[base], ARGV[base + 1], ARGV[base + 2], tonumber(ARGV[base + 3])
    if states[position] == from then
        changed[#changed + 1] = tonumber(file)
        values[#values + 1] = name
        values[#values + 1] = stored_state(state)
        if delay < 0 then gone[#gone + 1] = file_timer(id, file) else set_file_timer(id, file, delay) end
    end
end
if #values > 0 then redis.call('HSET', files, unpack(values)) end
if #gone > 0 then redis.call('ZREM', DUE, unpack(gone)) end
return changed
