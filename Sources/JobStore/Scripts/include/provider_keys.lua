-- The keys of a provider. KEYS[1] is `{lh:p:PROVIDER}:turns`, and every key that a script touches has the same hash tag.

local TURNS = KEYS[1]
local TAG = string.sub(TURNS, 1, -6)
local RATES, IN_FLIGHT, TAKEN = TAG .. 'rates', TAG .. 'inflight', TAG .. 'taken'
local HEALTH, SESSION = TAG .. 'health', TAG .. 'session'

local function tenants_key(priority) return TAG .. 'tenants:' .. priority end
local function waiting_key(priority, tenant) return TAG .. 'waiting:' .. priority .. ':' .. tenant end
