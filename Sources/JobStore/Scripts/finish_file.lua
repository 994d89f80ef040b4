-- A file is stored: keeps what the manifest will say of it and counts it, once, if the caller still has the lease. With the last one
-- the job is claimed for its manifest, as claim_manifest.lua does it, so that the caller can go on without asking again.
-- ARGV: id, file, attempt, objects (JSON), lease of the manifest's claim in ms (-1: no claim)
-- Returns {0} when the lease is lost; {1, files stored or given up, files in all, status}, also to one who asks again after a lost
--   answer; and after a claim NOW and the job's fields.

local id, file = ARGV[1], ARGV[2]
local key, files = job_key(id), files_key(id)
local state = redis.call('HGET', files, file .. '.state')
local is_again = state == 'done ' .. ARGV[3]
if not is_again and state ~= 'leased ' .. ARGV[3] then return { 0 } end
local job = redis.call('HMGET', key, 'status', 'filesTotal', 'filesDone', 'filesFailed', 'createdAt', 'history', 'progress', 'manifestClaims')
local status, total, done, failed = job[1], tonumber(job[2]), tonumber(job[3] or '0'), tonumber(job[4] or '0')
local fields = {}
if not status then return { 0 } end
if not is_again then
    if status ~= 'READY' and status ~= 'PROCESSING' then return { 0 } end
    redis.call('HSET', files, file .. '.state', 'done ' .. ARGV[3], file .. '.objects', ARGV[4])
    redis.call('ZREM', DUE, id .. '#' .. file)
    done = done + 1
    fields = { 'filesDone', whole(done), 'history', longer(job[6] or '', NOW - tonumber(job[5]), '+', 'file ' .. file .. ' stored') }
end
local ended, lease = done + failed, tonumber(ARGV[5])
local is_claimed = lease >= 0 and status == 'PROCESSING' and ended >= total
if is_claimed then
    -- Whoever asks again has lost the answer, not the manifest: that counts once.
    local claims = is_again and job[8] or whole(tonumber(job[8] or '0') + 1)
    for _, word in ipairs({ 'progress', stepped(job[7], 0), 'manifestClaims', claims }) do fields[#fields + 1] = word end
    redis.call('ZADD', DUE, whole(NOW + lease), id)
end
if #fields > 0 then redis.call('HSET', key, unpack(fields)) end
if is_claimed then return { 1, ended, total, status, NOW, redis.call('HGETALL', key) } end
return { 1, ended, total, status }
