-- Puts jobs into a provider's waiting lists, one for each priority and tenant. One that stands there already stays where it is.
-- ARGV: for each job: priority, tenant, createdAt, job

-- Most are of one list, whose jobs are put there by one command, 100 at most: `unpack` is bounded.
local base = 1
while base <= #ARGV do
    local priority, tenant, jobs = ARGV[base], ARGV[base + 1], {}
    repeat
        jobs[#jobs + 1] = ARGV[base + 2]
        jobs[#jobs + 1] = ARGV[base + 3]
        base = base + 4
    until ARGV[base] ~= priority or ARGV[base + 1] ~= tenant or #jobs >= 200
    wait_in_line(priority, tenant, jobs)
end
return #ARGV / 4
