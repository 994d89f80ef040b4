-- The server's clock in milliseconds since 1970. No other clock counts: callers pass delays, never instants.

local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- A number as text. Lua writes large numbers with exponents; every number here is a whole one below 2^53.
local function whole(number) return string.format('%d', number) end
