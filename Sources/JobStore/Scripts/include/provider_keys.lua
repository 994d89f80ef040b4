-- The keys of a provider, or of a budget, which has rates only. KEYS[1] is one of them, and every key that a script touches has its hash
-- tag: a worker may touch health, session, plans and rates only.

local TAG = string.match(KEYS[1], '^{.-}:')
local TURNS = TAG .. 'turns'
local RATES, IN_FLIGHT, TAKEN = TAG .. 'rates', TAG .. 'inflight', TAG .. 'taken'
local HEALTH, SESSION, PLANS, OUTBOX = TAG .. 'health', TAG .. 'session', TAG .. 'plans', TAG .. 'outbox'

local function tenants_key(priority) return TAG .. 'tenants:' .. priority end
local function waiting_key(priority, tenant) return TAG .. 'waiting:' .. priority .. ':' .. tenant end
-- A rate of creates, which is forgotten when it is free again.
local function tenant_rate_key(tenant) return TAG .. 'tenantrate:' .. tenant end
-- The tenant's exports in flight, and some that have ended: those are not in IN_FLIGHT any more.
local function tenant_places_key(tenant) return TAG .. 'tenantinflight:' .. tenant end
