-- Ends what is over by `now`: charges lapsed holds at their records, gives back
-- what expired allocations still hold. At most `most` of them. Returns how many
-- holds, and 1 if some may be left.
local function lapse(id, now)
  local call = load_call(id)
  if not call or call[1] ~= 'open' then
    ended[#ended + 1] = 'call:' .. id
    return 0
  end
  local record = call[IF_LAPSED]
  record[VALUES][ENDED_AT] = now
  record[VALUES][ESTIMATED] = 1
  record[FIGURES][10] = 1
  charge_hold(id, call, record, '')
  return 1
end

local function sweep(now, most)
  local due = redis.call('ZRANGEBYSCORE', LEASES, '-inf', text_of(now), 'LIMIT', 0, most)
  local count = 0
  for _, member in ipairs(due) do
    local kind, id = string.match(member, '^(%a+):(.*)$')
    if kind == 'call' then count = count + lapse(id, now) end
  end
  for _, member in ipairs(due) do
    local kind, id = string.match(member, '^(%a+):(.*)$')
    if kind == 'allocation' then
      local allocation = live_allocation(id)
      if allocation then end_allocation(allocation) else ended[#ended + 1] = member end
    end
  end
  return count, #due == most and 1 or 0
end
