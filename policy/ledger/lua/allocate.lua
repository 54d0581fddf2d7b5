-- {now or false, id, expires_at or false, lines, most to sweep}
-- -> as reserve
local request = cmsgpack.unpack(ARGV[1])
local now, id, lines = clock(request[1]), request[2], request[4]
local _, more = sweep(now, request[5])
local allocation = load_allocation(id)
if allocation then
  if allocation.body[1] then return finish({'already_resolved', now}) end
  if not same_lines(allocation.body[3], lines) then return finish({'duplicate_hold', now}) end
  return finish(with_states({'held', now, 0, 0, more}, lines, now))
end
for i, line in ipairs(lines) do
  local unit = broken_limit(line[ENFORCEMENT], without_calls(line[LIMITS]),
                            state_of(load_counter(line), now), line[AMOUNT])
  if unit then return finish(with_states({'short', now, i - 1, unit, more}, lines, now)) end
end
local remaining = {}
for i, line in ipairs(lines) do
  local counter = load_counter(line)
  hold_on(counter, line[AMOUNT], nothing(), 0)
  counter.allocations = add(counter.allocations, 1)
  remaining[i] = line[AMOUNT]
end
allocations[id] = {id = id, body = {false, request[3], lines, remaining}, dirty = true, fresh = true}
return finish(with_states({'held', now, 0, 0, more}, lines, now))
