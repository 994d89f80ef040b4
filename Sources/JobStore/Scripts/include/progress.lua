-- include: clock
-- The field `progress` of a job: what each step changes. It is one field, because each field costs a scan of the hash to read it and
-- another to write it. Its values are separated by tabs, as in a wake: version, claims, attempts, failures, unusableAnswers, lastPollAt
-- and nextPollAt (0: none). One more follows while the job's step is put off: since when. Schema/JobProgress.swift reads it in Swift.
-- Behind \30 stand the job's latest checks, see history.lua: what each check changes is in one field.

local NO_PROGRESS = '0\t0\t0\t0\t0\t0\t0'

-- Version, attempts, lastPollAt, nextPollAt as text; nil when `progress` is missing or damaged.
local function parse_progress(progress)
    return string.match(progress or '', '^(%d+)\t%d+\t(%d+)\t%d+\t%d+\t(%d+)\t(%d+)')
end

-- Since when the job's step is put off, as text; nil when it is not.
local function deferred_since(progress)
    return string.match(progress, '^%d+\t%d+\t%d+\t%d+\t%d+\t%d+\t%d+\t(%d+)')
end

-- The checks behind the progress, \30 included; nil if there are none.
local function checks_of(progress)
    local mark = string.find(progress, '\30', 1, true)
    return mark and string.sub(progress, mark)
end

local function without_checks(progress)
    local mark = string.find(progress, '\30', 1, true)
    return mark and string.sub(progress, 1, mark - 1) or progress
end

-- Whether this is the version of a job; not that of one without `progress`.
local function has_version(progress, version) return progress and string.find(progress, version .. '\t', 1, true) == 1 end
local function last_poll_of(progress) return string.match(progress, '^%d+\t%d+\t%d+\t%d+\t%d+\t(%d+)') end
local function version_of(progress) return string.match(progress or '', '^%d+') end
local function claims_of(progress) return string.match(progress or '', '^%d+\t(%d+)\t') end

-- The progress after a decision: claims start at 0 again. `counts`: attempts, failures and unusableAnswers, separated by tabs.
-- `deferred`: since when the step is put off, or nil. `checks`: what stands behind it, \30 included, or nil.
local function decided(version, counts, last_poll, next_poll, deferred, checks)
    deferred = deferred and '\t' .. deferred or ''
    return whole(version) .. '\t0\t' .. counts .. '\t' .. last_poll .. '\t' .. next_poll .. deferred .. (checks or '')
end

-- The next version, with `more` additional claims.
local function stepped(progress, more)
    local version, claims, rest = string.match(progress, '^(%d+)\t(%d+)(\t.*)$')
    return whole(version + 1) .. '\t' .. whole(claims + more) .. rest
end

-- A planned check is a POLLING job without claims whose timer is at its nextPollAt. The first claim only moves the timer from there to the
-- lease; it writes nothing else and keeps the version. A planned job whose timer is elsewhere has therefore been claimed once.
-- Returns nextPollAt as text and since when the step is put off, '' if it is not; nil when no check is planned.
local function planned_for(status, progress)
    if status ~= 'POLLING' then return nil end
    return string.match(progress, '^%d+\t0\t%d+\t%d+\t%d+\t%d+\t(%d+)\t?(%d*)')
end

local function planned_at(progress, at)
    return (string.gsub(progress, '^(%d+\t%d+\t%d+\t%d+\t%d+\t%d+\t)%d+', '%1' .. whole(at)))
end
