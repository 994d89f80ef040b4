-- include: clock, job_keys, progress
-- The field `history` of a job: a line for each event: milliseconds since the job's creation, what happened, a detail, and behind a tab who did
-- it, where that changes. Schema/HistoryEntry.swift reads them.
--
-- Nothing is cut off, and a job that waits long stays small: when the lines become too many, they move into the trail of the partition, a
-- stream from where a worker takes them to the object storage. A summary of them stays, and behind it the line `AT =`. The field `trail` names the
-- latest entry of the trail with something of this job, `-` if there is none, and how many checks have moved there without a line here.

-- Bytes of the lines behind the summary, while a job waits and while its files are listed and transferred; and of the summary. Together they
-- stay under the 4 KB up to which Redis keeps the hash in its compact form (`hash-max-listpack-value`, see ops/docs/store.md).
local WAITING_LINES, ACTIVE_LINES, SUMMARY_LIMIT = 200, 1536, 1536
-- While no worker takes them away. An entry has some 200 bytes, of a job with many files 1.7 KB.
local TRAIL_LIMIT = 10000

local function line_of(at, what, detail, actor)
    return whole(at) .. ' ' .. what .. (detail ~= '' and ' ' .. detail or '') .. (actor and '\t' .. actor or '') .. '\n'
end

-- Moves lines into the trail. `checks`: how many of them are not in the summary.
local function move(id, lines, checks)
    local key = job_key(id)
    local entry, number = string.match(redis.call('HGET', key, 'trail') or '- 0', '^(%S+) (%d+)$')
    local is_lost = false
    if redis.call('EXISTS', TRAIL .. ':off') == 0 then
        is_lost = redis.call('XLEN', TRAIL) >= TRAIL_LIMIT
        if is_lost then
            local _, all = string.gsub(lines, '[\n\29]', '')
            redis.call('HINCRBY', TRAIL .. ':state', 'dropped', all)
            redis.call('HINCRBY', key, 'lost', all)
        else
            entry = redis.call('XADD', TRAIL, '*', 'lines', id .. '\t' .. entry .. '\t' .. lines)
        end
    end
    redis.call('HSET', key, 'trail', entry .. ' ' .. whole(number + checks))
end

-- When the next step is due, and why then: `<`, whole seconds from 10 s on, else milliseconds and `ms`, and the letter of the reason.
local function due_in(delay, reason)
    return '<' .. (#delay > 4 and string.sub(delay, 1, -4) or delay .. 'ms') .. reason
end

-- `WHAT<REASON`, with the delay of the step.
local function what_next(what, delay)
    return string.byte(what, -2) == 60 and string.sub(what, 1, -3) .. due_in(delay, string.sub(what, -1)) or what -- `<`
end

-- The checks of a waiting job, the most frequent event by far, cost the least: they stand behind its progress, which each check writes anyway.
-- \30, the first six digits of the time of the latest, what it found, and \31; then each, the earliest first and separated by \29: its time in
-- milliseconds, the delay and its reason, and, behind \31, what it found. Of those that found the same within 10,000 s as the one before, only
-- the last seven digits of the time are there. When they become too many they move into the trail, as one line, `AT : CHECKS`.
local CHECKS_LIMIT = 160
local PERIOD, IN_PERIOD = string.sub(whole(NOW), 1, -8), string.sub(whole(NOW), -7)

-- What stands behind the progress, with one more check, and the number of those that are too many there. It is put together once: each string
-- of this size costs.
local function with_check(progress, what, delay, detail)
    local next = #what > 1 and due_in(delay, string.sub(what, 3)) or ''
    local head = '\30' .. PERIOD .. detail .. '\31'
    local mark = string.find(progress, head, 1, true)
    if mark and mark + #head <= #progress then return string.sub(progress, mark) .. '\29' .. IN_PERIOD .. next end
    mark = string.find(progress, '\31', 1, true)
    local listed = mark and mark < #progress and string.sub(progress, mark + 1) .. '\29' or ''
    return head .. listed .. PERIOD .. IN_PERIOD .. next .. '\31' .. detail
end

-- The history with a line for the checks. `last`: the time of the latest.
local function with_checks(history, created, checks, last)
    local listed = checks and string.match(checks, '\31(.+)')
    return listed and history .. whole(last - created) .. ' : ' .. listed .. '\n' or history
end

-- Returns what stays of the checks: what the latest found.
local function move_checks(id, key, checks)
    local _, more = string.gsub(checks, '\29', '')
    move(id, with_checks('', redis.call('HGET', key, 'createdAt'), checks, NOW), more + 1)
    return string.match(checks, '^[^\31]*\31')
end

-- Whether the latest line that names somebody names this one. Plain finds cost a fraction of a pattern that looks at each byte.
local function is_latest_actor(history, actor)
    local name, last = '\t' .. actor .. '\n', nil
    local found = string.find(history, name, 1, true)
    while found do last, found = found, string.find(history, name, found + #name, true) end
    return last and not string.find(history, '\t', last + #name, true)
end

-- The history with one more line.
local function with_line(history, at, what, detail, actor)
    if what == '' then return history end
    if actor == '' or is_latest_actor(history, actor) then actor = nil end
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
            local _, more = string.gsub(rest, '\29', '')
            -- What the last of them found that found something else.
            sign, what, number, rest = '~', '~', more + 1, string.match(rest, '.*\31([^\29]*)') or ''
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
    local first, last = string.find(history, '\n%d+ =\n')
    if #history - (last or 0) <= limit then return history end
    local lines = string.sub(history, (last or 0) + 1)
    move(id, lines, 0)
    local at = string.match(lines, '(%d+) [^\n]*\n$')
    return summarised((first and string.sub(history, 1, first) or '') .. lines) .. at .. ' =\n'
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
