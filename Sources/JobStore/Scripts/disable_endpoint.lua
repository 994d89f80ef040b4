-- include: clock, job_keys
-- Disables the endpoint of a provider, if it is still the version that the caller knows.
-- ARGV: provider, version, reason
-- Returns: isDisabled

local known = redis.call('HGET', ENDPOINTS, ARGV[1])
if not known or string.match(known, '^[^\t]*') ~= ARGV[2] then return { 0 } end
return { redis.call('HSETNX', ENDPOINTS, ARGV[1] .. ':off', whole(NOW) .. ' ' .. ARGV[3]) }
