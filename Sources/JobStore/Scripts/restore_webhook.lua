-- include: clock, job_keys, request, webhooks
-- Stores a webhook message again that was given up, with all its attempts. One that is there does not change.
-- ARGV: name, facts, url
-- Returns: isStored

return { store_webhook(ARGV[1], ARGV[2], ARGV[3]) }
