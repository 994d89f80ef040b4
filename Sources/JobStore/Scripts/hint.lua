-- include: clock, job_keys, progress
-- Makes the planned checks of jobs due now, because something may have happened to their exports. A check that is under way, and a time that
-- the provider has named (reason `r` or `d` of the latest check, see history.lua), stay as they are.
-- ARGV: spacing; each: id
-- Returns: each: outcome

local function named_by_provider(progress)
    local reason = string.match(checks_of(progress) or '', '.*<%d+m?s?(%a)')
    return reason == 'r' or reason == 'd'
end

local function hint(id, spacing)
    local key = job_key(id)
    local status, progress = unpack(redis.call('HMGET', key, 'status', 'progress'))
    if not status then return 'unknown' end
    if status ~= 'POLLING' then return 'over' end
    local planned = planned_for(status, progress)
    if not planned or redis.call('ZSCORE', DUE, id) ~= planned then return 'checking' end
    local earliest = math.max(NOW, tonumber(last_poll_of(progress)) + spacing)
    if named_by_provider(progress) then return 'kept' end
    redis.call('HSET', key, 'hintedAt', whole(NOW))
    if tonumber(planned) <= earliest then return 'soon' end
    redis.call('HSET', key, 'progress', planned_at(progress, earliest))
    redis.call('ZADD', DUE, whole(earliest), id)
    return 'moved'
end

local outcomes = {}
for position = 2, #ARGV do outcomes[position - 1] = hint(ARGV[position], tonumber(ARGV[1])) end
return outcomes
