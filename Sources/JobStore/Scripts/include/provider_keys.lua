-- The keys of a provider. KEYS[1] is one of them, and every key that a script touches has its hash tag: a worker may touch health,
-- session and plans only.

local TAG = string.match(KEYS[1], '^{.-}:')
local TURNS = TAG .. 'turns'
local RATES, IN_FLIGHT, TAKEN = TAG .. 'rates', TAG .. 'inflight', TAG .. 'taken'
local HEALTH, SESSION, PLANS = TAG .. 'health', TAG .. 'session', TAG .. 'plans'

local function tenants_key(priority) return TAG .. 'tenants:' .. priority end
local function waiting_key(priority, tenant) return TAG .. 'waiting:' .. priority .. ':' .. tenant end
