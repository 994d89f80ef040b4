-- include: clock, job_keys
-- The field `history` of a job: a line for each event. A line holds the milliseconds since the job's creation, a status or a sign (see
-- Schema/HistoryEntry.swift), and a detail.

-- Past the first size, checks that change nothing no longer add lines. The field `checks` counts them until something else happens, so
-- that a job that waits long stays small and its checks stay cheap. Past the second size, failures in a row share a line with their
-- number, and files are left out. Transitions are always kept. With these bounds the history stays under the 4 KB up to which Redis keeps
-- the hash in its compact form (`hash-max-listpack-value`, see ops/docs/store.md).
local CHECKS_LIMIT, HISTORY_LIMIT = 120, 3584

-- The history with one more line.
local function with_line(history, at, what, detail)
    if what == '' or what == '+' and #history > HISTORY_LIMIT then return history end
    local line = whole(at) .. ' ' .. what .. (detail ~= '' and ' ' .. detail or '') .. '\n'
    if what == '!' and #history > HISTORY_LIMIT then
        local before, last = string.match(history, '^(.*\n)(%d+ ![^\n]*)\n$')
        if last then
            local number = string.match(last, ' %((%d+) failures%)$') or '1'
            return before .. string.sub(line, 1, -2) .. ' (' .. whole(tonumber(number) + 1) .. ' failures)\n'
        end
    end
    -- Past both bounds, while failures and checks alternate, the new line replaces the last one.
    if #history > HISTORY_LIMIT + 384 and not string.match(what, '^%u') then
        history = string.gsub(history, '\n%d+ [~!+][^\n]*\n$', '\n')
    end
    return history .. line
end

-- The field `answers`: the last answers that were not the wanted ones, a line each: milliseconds since the job's creation, and the text.
local ANSWERS_LIMIT = 3
local function with_answer(answers, at, text)
    local lines = {}
    for line in string.gmatch(answers or '', '[^\n]+') do lines[#lines + 1] = line end
    lines[#lines + 1] = whole(at) .. '\t' .. text
    return table.concat(lines, '\n', math.max(#lines - ANSWERS_LIMIT + 1, 1))
end

-- The history with a line for the checks that the field `checks` counts: how many checks the history already tells, and the last detail.
local function with_checks(history, created, checks, attempts, last_poll)
    if not checks then return history end
    local told, last = string.match(checks, '^(%d+) (.*)$')
    local number = tonumber(attempts) - (tonumber(told) or 0)
    if number > 1 then last = (last ~= '' and last .. ' ' or '') .. '(' .. whole(number) .. ' checks)' end
    return with_line(history, tonumber(last_poll) - created, '~', last or '')
end
