-- What a line asks of its counter. Amounts are {cost, input, output}; limits
-- are {cost, tokens, input, output, requests, concurrent}, false where there
-- is none; enforcement is 0 count, 1 threshold, 2 room, 3 room to begin with,
-- but not to go on.
local THRESHOLD, ROOM, ROOM_TO_BEGIN = 1, 2, 3

local function each(f, a, b) return {f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])} end
local function nothing() return {0, 0, 0} end
local function is_nothing(a) return equal(a[1], 0) and equal(a[2], 0) and equal(a[3], 0) end

local function breaks(enforcement, limit, committed, requested)
  if not limit then return false end
  if enforcement == THRESHOLD then return not less(committed, limit) end
  return less(limit, add(committed, requested))
end

-- The exact twin of policy::broken_limit (policy/counter.cc); the unit's
-- number, or nil. `state` is {spent, held, requests, in_flight}.
local function broken_limit(enforcement, limits, state, amount)
  if enforcement == 0 then return nil end
  local spent, held = state[1], state[2]
  local input, output = add(spent[2], held[2]), add(spent[3], held[3])
  if breaks(enforcement, limits[1], add(spent[1], held[1]), amount[1]) then return 0 end
  if breaks(enforcement, limits[2], add(input, output), add(amount[2], amount[3])) then return 1 end
  if breaks(enforcement, limits[3], input, amount[2]) then return 2 end
  if breaks(enforcement, limits[4], output, amount[3]) then return 3 end
  if breaks(enforcement, limits[5], add(state[3], state[4]), 1) then return 4 end
  if breaks(enforcement, limits[6], state[4], 1) then return 5 end
  return nil
end

-- `limits` without those on units of which nothing more is asked.
local function limits_on(limits, asked)
  return {
    not equal(asked[1], 0) and limits[1],
    not equal(add(asked[2], asked[3]), 0) and limits[2],
    not equal(asked[2], 0) and limits[3],
    not equal(asked[3], 0) and limits[4],
    limits[5],
    limits[6],
  }
end

-- `limits` without those on calls: for what is not one more call.
local function without_calls(limits)
  return {limits[1], limits[2], limits[3], limits[4], false, false}
end
