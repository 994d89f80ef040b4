-- include: clock, job_keys
-- The state of a file: a word (`listed` before its message is published), its token and, while it is queued, when its message was published
-- and how often again.
-- Schema/FileStateCoding.swift writes and reads it; ExportCore's FileMachine decides which state follows, and scripts compare and set.

-- Word and token: what identifies a state. A queued file whose message was published again has the same.
local function state_mark(state) return string.match(state or '', '^%a+ %d+') end

-- A decided state as it is stored: `now` stands for this moment.
local function stored_state(state) return (string.gsub(state, ' now ', ' ' .. whole(NOW) .. ' ')) end

-- Only files of a job with one of these statuses are transferred. In every other status a claim, a heartbeat or a result is refused.
local function is_transferring(status) return status == 'READY' or status == 'PROCESSING' end

-- Whether every file of a job has been stored or given up. It holds only once all files are listed, which is PROCESSING.
local function has_all_files(status, total, done, failed)
    return status == 'PROCESSING' and tonumber(done or '0') + tonumber(failed or '0') >= tonumber(total or '0')
end

-- Sets a file's timer `delay` ms ahead, or removes it (-1).
local function set_file_timer(id, file, delay)
    if delay < 0 then
        redis.call('ZREM', DUE, file_timer(id, file))
    else
        redis.call('ZADD', DUE, whole(NOW + delay), file_timer(id, file))
    end
end
