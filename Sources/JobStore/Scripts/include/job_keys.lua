-- The keys of a partition. KEYS[1] is its due set, and every key that a script touches has the same hash tag.

local DUE = KEYS[1]
local TAG = string.sub(DUE, 1, -4)
local COUNTS = TAG .. 'counts'
local OUTBOX = TAG .. 'outbox'
local TRAIL = TAG .. 'trail'
local WEBHOOKS = TAG .. 'webhooks'
local ENDPOINTS = TAG .. 'endpoints'

local function job_key(id) return TAG .. 'job:' .. id end
local function files_key(id) return TAG .. 'files:' .. id end
local function webhook_key(name) return TAG .. 'webhook:' .. name end
local function index_key(status) return TAG .. 'status:' .. status end

-- The member of the due set that is a file's timer.
local function file_timer(id, file) return id .. '#' .. file end
