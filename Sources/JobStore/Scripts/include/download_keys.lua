-- The keys of the download line. KEYS[1] is `{lh:downloads}:turns`, and every key that a script touches has the same hash tag.

local TURNS = KEYS[1]
local TAG = string.sub(TURNS, 1, -6)

local function tenants_key(priority) return TAG .. 'tenants:' .. priority end
local function line_key(priority, tenant) return TAG .. 'line:' .. priority .. ':' .. tenant end
