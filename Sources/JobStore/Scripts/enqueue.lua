-- Puts jobs into a provider's waiting lists, one for each priority and tenant. One that stands there already stays where it is.
-- ARGV: for each job: priority, tenant, createdAt, job

for base = 1, #ARGV, 4 do wait_in_line(ARGV[base], ARGV[base + 1], tonumber(ARGV[base + 2]), ARGV[base + 3]) end
return #ARGV / 4
