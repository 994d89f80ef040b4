-- The field `request` of a job: provider, tenant, correlation id ('' stands for the job's id) and parameters, separated by tabs.
-- Schema/PackedRequest.swift writes it.

-- Provider, tenant and correlation id.
local function parse_request(request) return string.match(request, '^([^\t]*)\t([^\t]*)\t([^\t]*)') end

-- A plain find costs a fraction of a pattern.
local function provider_of(request) return string.sub(request, 1, string.find(request, '\t', 1, true) - 1) end
