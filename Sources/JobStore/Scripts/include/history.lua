-- include: clock, job_keys
-- The field `history` of a job: a line for each event, in their order: milliseconds since the job's creation, what happened, a detail, and
-- behind a tab who did it, where that changes. Schema/HistoryEntry.swift reads them.
--
-- Nothing is cut off, and a job that waits long stays small: when the lines become too many, they move into the trail of the partition, a
-- stream from where a worker takes them to the object storage. A summary of them stays, and behind it the line `AT = ID`, which names the
-- trail's entry with the lines before it.

-- Bytes of the lines behind the summary, while a job waits and while its files are listed and transferred; and of the summary. Together they
-- stay under the 4 KB up to which Redis keeps the hash in its compact form (`hash-max-listpack-value`, see ops/docs/store.md).
local WAITING_LINES, ACTIVE_LINES, SUMMARY_LIMIT = 200, 1536, 1536
-- While no worker takes them away. An entry of a waiting job has some 300 bytes, of a job with many files 1.7 KB.
local TRAIL_LIMIT = 10000

local function line_of(at, what, detail, actor)
    return whole(at) .. ' ' .. what .. (detail ~= '' and ' ' .. detail or '') .. (actor and '\t' .. actor or '') .. '\n'
end

-- The field `checks`: the checks since the last line, the most frequent event by far. They cost the least there. The latest comes first, and
-- checks that found the same follow each other: what they found, \31, and for each check, separated by \29, the milliseconds since the check
-- before it, with the delay and its reason; \30, and the same of earlier ones that found something else.
local CHECKS_LIMIT = 160

local function with_check(checks, since, what, detail)
    local token = since .. string.sub(what, 2)
    if not checks then return detail .. '\31' .. token end
    local size = #detail + 1
    if string.sub(checks, 1, size) == detail .. '\31' then return detail .. '\31' .. token .. '\29' .. string.sub(checks, size + 1) end
    return detail .. '\31' .. token .. '\30' .. checks
end

-- The history with a line for the checks. `last`: the time of the latest.
local function with_checks(history, created, checks, last)
    if not checks then return history end
    return history .. whole(last - created) .. ' : ' .. checks .. '\n'
end

-- The history with one more line.
local function with_line(history, at, what, detail, actor)
    if what == '' then return history end
    if actor == '' or string.match(history, '.*\t([^\n]*)\n') == actor then actor = nil end
    return history .. line_of(at, what, detail, actor)
end

-- What stays of lines that move away: checks in a row share a line with their number, as do files, and failures that are the same. Who did
-- it is told in the trail only.
local function summarised(text)
    local lines = {}
    for at, what, rest in string.gmatch(text, '(%d+) (%S+)([^\n]*)\n') do
        local sign, last = string.sub(what, 1, 1), lines[#lines]
        local number = tonumber(string.match(what, '%*(%d+)') or '1')
        rest = string.match(rest, '^ ?([^\t]*)')
        if sign == ':' then
            local _, more = string.gsub(rest, '[\29\30]', '')
            sign, what, number, rest = '~', '~', more + 1, string.match(rest, '^[^\31]*')
        end
        local is_same = last and last.sign == sign and (sign == '~' or sign == '+' or sign == '!' and last.rest == rest)
        if is_same then
            last.at, last.number, last.rest = at, last.number + number, rest
        elseif sign ~= '>' and sign ~= '=' then
            lines[#lines + 1] = { at = at, sign = sign, what = what, number = number, rest = rest }
        end
    end
    local size, texts = 0, {}
    for index, line in ipairs(lines) do
        local what = line.number > 1 and line.sign .. '*' .. whole(line.number) or line.what
        texts[index] = line.at .. ' ' .. what .. (line.rest ~= '' and ' ' .. line.rest or '') .. '\n'
        size = size + #texts[index]
    end
    -- The first lines tell how the job began.
    local gone, gone_at = 0, nil
    while size > SUMMARY_LIMIT and #texts > 4 do
        local line = lines[3]
        size = size - #texts[3]
        gone, gone_at = gone + (line.sign == '-' and line.number or 1), line.at
        table.remove(texts, 3)
        table.remove(lines, 3)
    end
    if gone > 0 then table.insert(texts, 3, gone_at .. ' -*' .. whole(gone) .. '\n') end
    return table.concat(texts)
end

-- The history, whose older lines have moved into the trail if they were too many.
local function bounded(id, history, status)
    local limit = (status == 'POLLING' or status == 'PENDING') and WAITING_LINES or ACTIVE_LINES
    if #history <= limit then return history end
    local first, last, before = string.find(history, '\n%d+ = (%S+)\n')
    if #history - (last or 0) <= limit then return history end
    local lines = string.sub(history, (last or 0) + 1)
    local at = string.match(lines, '(%d+) [^\n]*\n$')
    local mark, lost = before or '-', ''
    if redis.call('EXISTS', TRAIL .. ':off') == 0 then
        if redis.call('XLEN', TRAIL) < TRAIL_LIMIT then
            mark = redis.call('XADD', TRAIL, '*', 'lines', id .. '\t' .. mark .. '\t' .. lines)
        else
            local _, number = string.gsub(lines, '[\n\29\30]', '')
            redis.call('HINCRBY', TRAIL .. ':state', 'dropped', number)
            lost = at .. ' ?*' .. whole(number) .. '\n'
        end
    end
    return summarised((first and string.sub(history, 1, first) or '') .. lines) .. at .. ' = ' .. mark .. '\n' .. lost
end

-- The history with one more line, and not too long.
local function told(id, history, status, at, what, detail, actor)
    return bounded(id, with_line(history, at, what, detail, actor), status)
end

-- A job that has ended: a worker stores its whole history beside its objects.
local function archive(id)
    if redis.call('EXISTS', TRAIL .. ':off') == 0 then redis.call('XADD', TRAIL, '*', 'end', id) end
end

-- The field `answers`: the last answers that were not the wanted ones, a line each: milliseconds since the job's creation, and the text.
local ANSWERS_LIMIT = 3
local function with_answer(answers, at, text)
    local lines = {}
    for line in string.gmatch(answers or '', '[^\n]+') do lines[#lines + 1] = line end
    lines[#lines + 1] = whole(at) .. '\t' .. text
    return table.concat(lines, '\n', math.max(#lines - ANSWERS_LIMIT + 1, 1))
end
