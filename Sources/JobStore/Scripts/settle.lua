-- include: clock, provider_keys, rate
-- Ends the taking of jobs. Jobs that were not started give back their permits, and those whose export does not run free their places.
-- ARGV: createsPerSecond, permits; each: entry, freed
-- Returns: settled

local rate, back = tonumber(ARGV[1]), tonumber(ARGV[2])
local entries, freed = {}, {}

-- One command each for many jobs; `unpack` is bounded.
local function flush()
    if #entries > 0 then redis.call('ZREM', TAKEN, unpack(entries)) end
    if #freed > 0 then redis.call('ZREM', IN_FLIGHT, unpack(freed)) end
    entries, freed = {}, {}
end

for base = 3, #ARGV, 2 do
    entries[#entries + 1] = ARGV[base]
    if ARGV[base + 1] ~= '' then freed[#freed + 1] = ARGV[base + 1] end
    if #entries >= 1000 then flush() end
end
flush()
if rate > 0 then return_permits('creates', back, rate) end
return { (#ARGV - 2) / 2 }
