-- The field `request` of a job: provider, tenant, correlation id ('' stands for the job's id) and parameters, separated by tabs.
-- Schema/PackedRequest.swift writes it.

-- Provider, tenant and correlation id.
local function parse_request(request) return string.match(request, '^([^\t]*)\t([^\t]*)\t([^\t]*)') end

-- A plain find costs a fraction of a pattern.
local function provider_of(request) return string.sub(request or '', 1, (string.find(request or '', '\t', 1, true) or 0) - 1) end
