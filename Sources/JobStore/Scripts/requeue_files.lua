-- include: clock, job_keys, history, file_state
-- Sets the states of files that are still exactly what the caller read, and removes or sets their timers: files whose timer fired, and
-- files whose message seems lost. A timer that is not where the claim moved it belongs to somebody who came back meanwhile; the file then
-- stays as it is. Of a file whose job has ended, only the timer goes.
-- ARGV: each: id, file, from, state, delay, timer
-- Returns: each: position

local statuses, changed = {}, {}
for base = 1, #ARGV, 6 do
    local id, file, from, state, delay, timer = unpack(ARGV, base, base + 5)
    if statuses[id] == nil then statuses[id] = redis.call('HGET', job_key(id), 'status') end
    local name, next_state = file .. '.state', stored_state(state)
    local is_same = redis.call('HGET', files_key(id), name) == from
    local is_ours = timer == '' or tonumber(redis.call('ZSCORE', DUE, file_timer(id, file)) or '-1') == tonumber(timer)
    if is_same and is_ours and (is_transferring(statuses[id]) or next_state == from) then
        if next_state ~= from then redis.call('HSET', files_key(id), name, next_state) end
        set_file_timer(id, file, tonumber(delay))
        if next_state ~= from and string.find(from, '^leased') then
            local history, created = unpack(redis.call('HMGET', job_key(id), 'history', 'createdAt'))
            local detail = 'file ' .. file .. ' attempt ' .. string.match(from, '%d+')
            redis.call('HSET', job_key(id), 'history', told(id, history or '', statuses[id], NOW - created, '^', detail, ''))
        end
        changed[#changed + 1] = (base + 5) / 6
    end
end
return changed
