-- include: clock, job_keys, request, outbox
-- What happens to jobs, as the outbox has it. Each begins with: what, id, version, provider, tenant, correlation id, traceparent.

local function tell_of_job(what, id, version, request, traceparent, ...)
    -- The first words of the request as they are: a correlation id that is empty stands for the job's.
    tell(what, id, version, string.match(request, '^[^\t]*\t[^\t]*\t[^\t]*'), traceparent or '', ...)
end

-- `detail` of a job that has failed: code, space, message.
local function tell_status(id, version, request, traceparent, before, status, detail)
    tell_of_job('status', id, version, request, traceparent, before, status, detail)
end

-- Bytes of the objects of a file that an event tells.
local EVENT_OBJECTS_LIMIT = 4096
