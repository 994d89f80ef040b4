-- include: provider_keys, waiting
-- Takes a job out of its waiting list.
-- ARGV: priority, tenant, id
-- Returns: removed

return { leave_line(ARGV[1], ARGV[2], ARGV[3]) }
