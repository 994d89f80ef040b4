-- include: clock, job_keys
-- Gives the oldest entries of the partition's trail to the worker that takes them away, if no other does. Two that both do it, after one was
-- frozen, store the same lines twice.
-- ARGV: owner, lease, many
-- Returns: isOwner, now; each: entry, kind, text

local OWNER = TRAIL .. ':owner'
local owner = redis.call('GET', OWNER)
if owner and owner ~= ARGV[1] then return { 0, NOW } end
if redis.call('XLEN', TRAIL) == 0 then return { 1, NOW } end
redis.call('SET', OWNER, ARGV[1], 'PX', ARGV[2])
local reply = { 1, NOW }
for _, entry in ipairs(redis.call('XRANGE', TRAIL, '-', '+', 'COUNT', ARGV[3])) do
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = entry[2][1]
    reply[#reply + 1] = entry[2][2]
end
return reply
