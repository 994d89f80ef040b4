-- Remembers how long the exports of a provider and kind take, and how well they were polled: a histogram and sums, in which every export that
-- is learned makes the earlier ones count less. KEYS[1] is the hash of histograms. ExportCore's DurationHistogram and PollTally describe them.
-- A field is the histogram's first bin, the weights from there on, and the sums, in thousandths.
-- ARGV: memory, most; each: kind, exports, sums, number; nested: bin, weight
-- Returns: learned

local memory, most, learned, at = tonumber(ARGV[1]), tonumber(ARGV[2]), 0, 3
while at <= #ARGV do
    local kind, exports, number = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 3])
    local stored = redis.call('HGET', KEYS[1], kind)
    -- A whole provider has no key behind the tab.
    if stored or string.sub(kind, -1) == '\t' or redis.call('HLEN', KEYS[1]) < most then
        local first, listed, known = string.match(stored or '', '^(%d+) (%S*) ?(%S*)$')
        local bin, weights, rest = tonumber(first or '0'), {}, (1 - 1 / memory) ^ exports
        for weight in string.gmatch(listed or '', '%d+') do
            weights[bin] = weight * rest
            bin = bin + 1
        end
        for position = at + 4, at + 3 + number * 2, 2 do
            local added = tonumber(ARGV[position])
            weights[added] = (weights[added] or 0) + ARGV[position + 1]
        end
        local from, to = nil, nil
        for place, weight in pairs(weights) do
            if weight >= 0.5 then
                from, to = math.min(from or place, place), math.max(to or place, place)
            end
        end
        local words = {}
        for index = from or 0, to or -1 do words[#words + 1] = string.format('%.0f', weights[index] or 0) end
        local sums, before = {}, string.gmatch(known or '', '%d+')
        for added in string.gmatch(ARGV[at + 2], '%d+') do
            sums[#sums + 1] = string.format('%.0f', (before() or 0) * rest + added)
        end
        redis.call('HSET', KEYS[1], kind, string.format('%d ', from or 0) .. table.concat(words, ',') .. ' ' .. table.concat(sums, ','))
    end
    learned = learned + exports
    at = at + 4 + number * 2
end
return { learned }
