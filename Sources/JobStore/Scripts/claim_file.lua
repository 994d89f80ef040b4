-- include: clock, job_keys, history, file_state
-- Claims a file: compares its state with what the caller expects and sets the decided one. A file that is leased or in backoff can be
-- claimed only while its timer is due; otherwise the decision was made from a timer that has moved since.
-- ARGV: id, file, from, state, delay, actor
-- Returns: outcome, state, isTimerDue, uncounted, name, description, now, job, attemptsBase, deferredFor

local id, file, from, state = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local fields = redis.call('HGETALL', job_key(id))
local job = {}
for position = 1, #fields, 2 do job[fields[position]] = fields[position + 1] end
local status, base = job.status, job.attemptsBase
if not is_transferring(status) then return { 'closed' } end
local stored = redis.call('HMGET', files_key(id), file .. '.state', file .. '.name', file, file .. '.uncounted',
    file .. '.deferred')
local mark = state_mark(stored[1])
if not mark then return { 'closed' } end
local kind = string.match(mark, '^%a+')
local is_queued = kind == 'queued' or kind == 'listed'
-- A queued or listed file has no timer.
local due = not is_queued and redis.call('ZSCORE', DUE, file_timer(id, file))
local is_due = not is_queued and (not due or tonumber(due) <= NOW)
if mark ~= from or not (is_queued or is_due) then return { 'differs', stored[1], is_due and 1 or 0 } end
state = stored_state(state)
redis.call('HSET', files_key(id), file .. '.state', state)
set_file_timer(id, file, tonumber(ARGV[5]))
local detail = 'file ' .. file .. ' attempt ' .. string.match(state, '^%a+ (%d+)')
redis.call('HSET', job_key(id), 'history', told(id, job.history or '', status, NOW - job.createdAt, '>', detail, ARGV[6]))
return { 'claimed', state, 0, tonumber(stored[4] or '0'), stored[2], stored[3], NOW, fields, tonumber(base or '0'),
    stored[5] and math.max(NOW - tonumber(stored[5]), 0) or -1 }
