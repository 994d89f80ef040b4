-- include: provider_keys, waiting
-- Puts jobs into a provider's waiting lists. A job that is in its list already keeps its place.
-- ARGV: each: priority, tenant, since, id
-- Returns: queued

-- Most jobs in a row belong to one list. One command adds them, 100 at most: `unpack` is bounded.
local base = 1
while base <= #ARGV do
    local priority, tenant, jobs = ARGV[base], ARGV[base + 1], {}
    repeat
        jobs[#jobs + 1] = ARGV[base + 2]
        jobs[#jobs + 1] = ARGV[base + 3]
        base = base + 4
    until ARGV[base] ~= priority or ARGV[base + 1] ~= tenant or #jobs >= 200
    join_line(priority, tenant, jobs)
end
return { #ARGV / 4 }
