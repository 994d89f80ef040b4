-- include: clock, job_keys, progress, history, job_events, file_state
-- Stores the end of an attempt at a file: state, timer, the job's counters and history, if the caller still has the lease. A caller that
-- lost the answer may ask again: nothing is counted twice. When every file has ended with this stored one, and the caller asks for it, the
-- job is claimed for its manifest as by claim_manifest.lua, so that the caller continues without another call.
-- ARGV: id, file, from, state, delay, count, isUncounted, what, detail, error, objects, manifestLease, isDeferred, answer, actor
-- Returns: isStored, isLast, now, job

local id, file, from, state, delay, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local is_uncounted, what, detail, error_line, objects, lease = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], tonumber(ARGV[12])
local key, files = job_key(id), files_key(id)
local stored, deferred = unpack(redis.call('HMGET', files, file .. '.state', file .. '.deferred'))
local mark = state_mark(stored)
local is_again = mark and mark == state_mark(state)
if not is_again and mark ~= from then return { 0, 0 } end
local status, total, done, failed, created, history, progress, manifest_claims, file_error, request, traceparent = unpack(redis.call(
    'HMGET', key, 'status', 'filesTotal', 'filesDone', 'filesFailed', 'createdAt', 'history', 'progress', 'manifestClaims', 'fileError',
    'request', 'traceparent'))
if not status then return { 0, 0 } end

local fields = {}
local function set(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
end

if not is_again then
    if not is_transferring(status) then return { 0, 0 } end
    local ended = { file .. '.state', stored_state(state) }
    if count == 'stored' then
        done = whole(tonumber(done or '0') + 1)
        ended[3], ended[4] = file .. '.objects', objects
        set('filesDone', done)
    elseif count == 'failed' then
        failed = whole(tonumber(failed or '0') + 1)
        ended[3], ended[4] = file .. '.error', error_line
        set('filesFailed', failed)
        if not file_error then set('fileError', error_line) end
    end
    if count ~= 'unchanged' then
        -- An archive may hold a hundred thousand objects; the manifest lists them all.
        local text = count == 'stored' and (#objects <= EVENT_OBJECTS_LIMIT and objects or '') or error_line
        tell_of_job('file', id, version_of(progress), request, traceparent, file, count, text)
        send_told()
    end
    if ARGV[13] == '1' then
        ended[#ended + 1], ended[#ended + 2] = file .. '.deferred', deferred or whole(NOW)
    elseif deferred then
        redis.call('HDEL', files, file .. '.deferred')
    end
    redis.call('HSET', files, unpack(ended))
    -- The token was used up all the same: it fences, and no later attempt may have it.
    if is_uncounted == '1' then redis.call('HINCRBY', files, file .. '.uncounted', 1) end
    set_file_timer(id, file, delay)
    if what ~= '' then set('history', told(id, history or '', status, NOW - tonumber(created), what_next(what, ARGV[5]), detail, ARGV[15])) end
    if ARGV[14] ~= '' then set('answers', with_answer(redis.call('HGET', key, 'answers'), NOW - tonumber(created), ARGV[14])) end
end

-- Whoever handles the job's timer decides what the loss of a file means, also when another file is the last to end.
local has_failed = tonumber(failed or '0') > 0
if not is_again and has_failed and status == 'PROCESSING' then
    if count == 'failed' or has_all_files(status, total, done, failed) then redis.call('ZADD', DUE, whole(NOW), id) end
end

local is_last = count == 'stored' and not has_failed and has_all_files(status, total, done, failed)
local is_claimed = is_last and lease >= 0
if is_claimed then
    set('progress', stepped(progress, 0))
    -- A caller that asks again lost the answer, not the manifest: its claim is counted once.
    set('manifestClaims', is_again and manifest_claims or whole(tonumber(manifest_claims or '0') + 1))
    redis.call('ZADD', DUE, whole(NOW + lease), id)
end
if #fields > 0 then redis.call('HSET', key, unpack(fields)) end
if is_claimed then return { 1, 1, NOW, redis.call('HGETALL', key) } end
return { 1, is_last and 1 or 0 }
