-- The outbox beside the keys of a partition or a provider: what has happened, for other programs. The script that makes a change appends its
-- event in the same step, so that there is neither without the other; an orchestrator publishes them in this order and removes them.
-- The including script has OUTBOX. Reads/OutboxReading.swift reads the entries: words separated by tabs, of which the last may be any text.

-- While the broker is away, the oldest are dropped, and counted in `dropped`. An entry takes about 200 bytes.
local OUTBOX_LIMIT = 20000

local function tell(...)
    if redis.call('EXISTS', OUTBOX .. ':off') == 1 then return end
    if redis.call('XLEN', OUTBOX) >= OUTBOX_LIMIT then
        redis.call('HINCRBY', OUTBOX .. ':state', 'dropped', redis.call('XTRIM', OUTBOX, 'MAXLEN', OUTBOX_LIMIT - 1))
    end
    redis.call('XADD', OUTBOX, '*', 'e', table.concat({ ... }, '\t'))
end
