-- include: clock
-- The outbox beside the keys of a partition or a provider: what has happened, for other programs. The script that makes a change appends its
-- events in the same step, so that there is neither without the other; an orchestrator publishes them in this order and removes them.
-- The including script has OUTBOX, and calls `send_told` before it ends. Reads/OutboxReading.swift reads the entries: words separated by tabs,
-- of which the last may be any text.

-- While the broker is away, the oldest are dropped, and counted in `dropped`. An entry holds what one script tells, 16 events at most of
-- about 200 bytes each.
local OUTBOX_LIMIT, EVENTS_OF_ENTRY = 5000, 16
local events, is_off = {}, nil

local function tell(...)
    if is_off == nil then is_off = redis.call('EXISTS', OUTBOX .. ':off') == 1 end
    if is_off then return end
    events[#events + 1] = 'e'
    events[#events + 1] = table.concat({ ... }, '\t')
end

local function send_told()
    if #events == 0 then return end
    -- Not each time: the limit need not be exact.
    local excess = NOW % 4 == 0 and redis.call('XLEN', OUTBOX) - OUTBOX_LIMIT or 0
    if excess > 0 then
        local number, last = 0, nil
        for _, entry in ipairs(redis.call('XRANGE', OUTBOX, '-', '+', 'COUNT', excess)) do
            number, last = number + #entry[2] / 2, entry[1]
            redis.call('XDEL', OUTBOX, last)
        end
        redis.call('HINCRBY', OUTBOX .. ':state', 'dropped', number)
    end
    for first = 1, #events, 2 * EVENTS_OF_ENTRY do
        redis.call('XADD', OUTBOX, '*', unpack(events, first, math.min(first + 2 * EVENTS_OF_ENTRY - 1, #events)))
    end
end
