-- include: rate
-- Gives back permits of a rate that were not used.
-- ARGV: what, permits, rate
-- Returns: returned

return { return_permits(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])) }
