-- include: clock, job_keys
-- The names under which the files of a job are stored. Each belongs to one file (`name:STEM` of the files hash), and so does the folder
-- that an archive becomes. Folders of nested names (`dir:PATH`) are kept too, so that none of them is a file or an archive as well.

-- A name without the endings that unpacking drops (Worker's ObjectNames), and an archive's as that of its folder.
local function stem(name)
    while string.find(name, '[zZpP]$') do
        local before = name
        name = string.gsub(name, '%.[gG][zZ]$', '')
        name = string.gsub(name, '%.[gG]?[zZ][iI][pP]$', '')
        name = string.gsub(name, '%.[tT][gG][zZ]$', '.tar')
        name = string.gsub(name, '%.[sS][vV][gG][zZ]$', '.svg')
        if name == before then break end
    end
    return name
end

-- The folders of a nested name, from the outermost.
local function folders(name)
    local found, position = {}, string.find(name, '/', 1, true)
    while position do
        found[#found + 1] = stem(string.sub(name, 1, position - 1))
        position = string.find(name, '/', position + 1, true)
    end
    return found
end

-- Puts the index, or the index and a number, in front. A name that gets too long for its first part, 255 bytes, loses characters before its extension.
local function numbered(prefix, name)
    local part, rest = string.match(name, '^([^/]*)(.*)$')
    local room = 255 - #prefix - 1
    if #part > room then
        local suffix = string.match(part, '%.[%w_-]+%.[%w_-]+$') or ''
        if suffix == '' or #suffix > 22 then suffix = string.match(part, '%.[%w_-]+$') or '' end
        if #suffix > 22 then suffix = '' end
        local last = room - #suffix
        -- Bytes 128 to 191 continue a character.
        while last > 0 and string.find(part, '^[\128-\191]', last + 1) do last = last - 1 end
        part = string.sub(part, 1, last) .. suffix
    end
    return prefix .. '-' .. part .. rest
end

-- Reserves a name for a file and returns it. If another file has it, or one of its folders, the index is put in front; if that name is
-- taken too, index and number. Each round tries another name, so the rounds end: only so many names are taken.
local function reserve_name(files, wanted, index)
    local name, round = wanted, 0
    while true do
        local short, above = stem(name), folders(name)
        local is_taken = redis.call('HGET', files, 'nested') and redis.call('HGET', files, 'dir:' .. short)
        for _, folder in ipairs(above) do
            local owner = redis.call('HGET', files, 'name:' .. folder)
            is_taken = is_taken or (owner and owner ~= index)
        end
        if not is_taken and (redis.call('HSETNX', files, 'name:' .. short, index) == 1
            or redis.call('HGET', files, 'name:' .. short) == index) then
            for _, folder in ipairs(above) do redis.call('HSET', files, 'dir:' .. folder, index, 'nested', 1) end
            return name
        end
        round = round + 1
        name = numbered(round == 1 and index or index .. '.' .. round, wanted)
    end
end
