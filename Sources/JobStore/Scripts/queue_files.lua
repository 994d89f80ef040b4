-- include: clock, job_keys, request, file_state
-- Sets the next listed files of a job to the decided state, in which `token` stands for the file's own. The field `filesPublished` says where
-- the search goes on: no file before it is listed.
-- ARGV: id, limit, state
-- Returns: outcome, correlation, traceparent; each: file, token

local id, limit, state = ARGV[1], tonumber(ARGV[2]), stored_state(ARGV[3])
local key, files = job_key(id), files_key(id)
local status, total, first, request, traceparent = unpack(redis.call('HMGET', key, 'status', 'filesTotal', 'filesPublished', 'request',
    'traceparent'))
if not is_transferring(status) or not request then return { 'closed', '', '' } end
total, first = tonumber(total or '0'), tonumber(first or '0')

-- Of one HMGET, and of one call: after a retry most of a hundred thousand files may be stored already.
local PAGE, LONGEST = 200, 4000
local file, last, changed, found = first, math.min(total, first + LONGEST), {}, {}
while file < last and #found < 2 * limit do
    -- Usually the next files are listed, and the first page has all that are looked for.
    local size = math.min(file == first and limit or PAGE, PAGE, last - file)
    local names = {}
    for index = file, file + size - 1 do names[#names + 1] = whole(index) .. '.state' end
    for position, stored in ipairs(redis.call('HMGET', files, unpack(names))) do
        local token = #found < 2 * limit and string.match(stored or '', '^listed (%d+)$')
        if token then
            changed[#changed + 1] = names[position]
            changed[#changed + 1] = (string.gsub(state, ' token', ' ' .. token))
            found[#found + 1] = whole(file + position - 1)
            found[#found + 1] = token
        end
    end
    file = #found < 2 * limit and file + size or tonumber(found[#found - 1]) + 1
end
-- `unpack` is bounded.
for start = 1, #changed, 1000 do redis.call('HSET', files, unpack(changed, start, math.min(start + 999, #changed))) end
if file > first then redis.call('HSET', key, 'filesPublished', whole(file)) end

local _, _, correlation = parse_request(request)
local reply = { file < total and 'more' or 'done', correlation ~= '' and correlation or id, traceparent or '' }
for _, word in ipairs(found) do reply[#reply + 1] = word end
return reply
