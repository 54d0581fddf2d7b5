-- Holds: `{ns}:call:ID` while the call is open is
-- {'open', at, lease_until, allocation_id, lines, record if it lapses}, a line
-- {key, rolling_ms, expires_at, enforcement, limits, amount, drawn, in_room}:
-- in_room is what was held when there last was room for all of it, and is there
-- only where `amount` has passed that.
local AT, LEASE, ALLOCATION, LINES, IF_LAPSED = 2, 3, 4, 5, 6
local ENFORCEMENT, LIMITS, AMOUNT, DRAWN, IN_ROOM = 4, 5, 6, 7, 8

local function load_call(id)
  local kept = redis.call('GET', PREFIX .. 'call:' .. id)
  return kept and cmsgpack.unpack(kept) or nil
end

-- The answer to an operation on a hold that is not open.
local function not_open(call)
  return {call and 'already_resolved' or 'unknown_hold'}
end

local function same_lines(kept, asked)
  if #kept ~= #asked then return false end
  for i, line in ipairs(kept) do
    local other = asked[i]
    if line[1] ~= other[1] then return false end
    for unit = 1, 3 do
      if not equal(line[AMOUNT][unit], other[AMOUNT][unit]) then return false end
    end
  end
  return true
end

-- Takes a hold off its counters; what was lent and not used goes back.
local function give_back(call, used)
  local lender = live_allocation(call[ALLOCATION])
  for _, line in ipairs(call[LINES]) do
    local counter = load_counter(line)
    hold_on(counter, nothing(), line[AMOUNT], -1)
    local j = line_on(lender, line[1])
    if j then
      local unused = each(larger, each(sub, line[AMOUNT], used), nothing())
      local back = each(smaller, line[DRAWN], unused)
      draw(lender, j, each(sub, nothing(), back))
      hold_on(counter, back, nothing(), 0)
    end
  end
end

-- The hold becomes a charge. `record` takes its admission from the hold.
-- Returns what was charged beyond what there was room for.
local function charge_hold(id, call, record, token)
  local first, used = call[IF_LAPSED], used_by(record)
  record[HOUR], record[KEPT_UNTIL] = first[HOUR], first[KEPT_UNTIL]
  record[VALUES][TIMESTAMP] = first[VALUES][TIMESTAMP]
  local overrun = nothing()
  for _, line in ipairs(call[LINES]) do
    overrun = each(larger, overrun, each(sub, used, line[IN_ROOM] or line[AMOUNT]))
  end
  give_back(call, used)
  for _, line in ipairs(call[LINES]) do
    charge_counter(load_counter(line), call[AT], used, 1)
  end
  charges[#charges + 1] = {
    id = id, record = record, at = call[AT], lines = call[LINES], token = token,
    overrun = overrun, correctable = record[VALUES][ESTIMATED] == 1,
  }
  ended[#ended + 1] = 'call:' .. id
  return overrun
end
