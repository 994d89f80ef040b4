-- include: clock, job_keys, request
-- Webhook messages: the end of a job, to be sent to an endpoint. A message has a hash of its own, because the job's record may expire
-- before the last attempt; its name (ExportCore's WebhookMessage) is its timer in the due set and its member of the index WEBHOOKS, which
-- holds the messages by the time of the end.
-- Fields: `facts` (Schema/WebhookCoding.swift reads them), `url` (none: the provider's endpoint), `attempts` that have failed, `claims` (the
-- fencing token), `handled` (the last claim that had a result), `failedAt` (the first failure).

-- Stores a message unless it is there, with a timer that is due.
local function store_webhook(name, facts, url)
    local key = webhook_key(name)
    if redis.call('HSETNX', key, 'facts', facts) == 0 then return 0 end
    if url ~= '' then redis.call('HSET', key, 'url', url) end
    redis.call('ZADD', WEBHOOKS, whole(NOW), name)
    redis.call('ZADD', DUE, whole(NOW), name)
    return 1
end

-- The name of the job whose message this is; nil if it is none.
local function webhook_job(member) return string.match(member, '^(.*)#[pu]%d+%-%d+$') end

-- A job has ended: a message for its own URL, and one for the endpoint of its provider. ENDPOINTS has for each provider the version of its
-- file and the statuses that its endpoint is told about; `PROVIDER:off` when it is disabled, since when and why; and `PROVIDER:skipped`,
-- how many messages were not made since.
local function announce(id, version, status, request, created, failure)
    local provider, tenant, correlation = parse_request(request)
    local url, total, failed = unpack(redis.call('HMGET', job_key(id), 'webhook', 'filesTotal', 'filesFailed'))
    local endpoint, off = unpack(redis.call('HMGET', ENDPOINTS, provider, provider .. ':off'))
    endpoint = endpoint and string.find(endpoint, status, 1, true)
    if endpoint and off then
        redis.call('HINCRBY', ENDPOINTS, provider .. ':skipped', 1)
        endpoint = nil
    end
    if not (url or endpoint) then return end
    local mark = whole(version) .. '-' .. whole(NOW)
    local facts = table.concat({
        'msg_' .. redis.sha1hex(id .. '\t' .. mark), whole(version), provider, tenant, correlation ~= '' and correlation or id, status,
        created, whole(NOW), total or '0', failed or '0', status == 'FAILED' and failure or '',
    }, '\t')
    if url then store_webhook(id .. '#u' .. mark, facts, url) end
    if endpoint then store_webhook(id .. '#p' .. mark, facts, '') end
end
