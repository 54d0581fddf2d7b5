-- {now or false, lease in ms: from now, or absolute with `now`, id,
--  allocation_id, lines, record if it lapses, most to sweep}
-- -> {'held' | 'short' | error, server ms, line, unit, more to sweep, states…}
local request = cmsgpack.unpack(ARGV[1])
local stated, id, lender_id, lines = request[1], request[3], request[4], request[5]
local now = clock(stated)
local _, more = sweep(now, request[7])

local open
for _, charge in ipairs(charges) do
  if charge.id == id then return finish({'already_resolved', now}) end
end
open = load_call(id)
if open then
  if open[1] ~= 'open' then return finish({'already_resolved', now}) end
  if not same_lines(open[LINES], lines) then return finish({'duplicate_hold', now}) end
  return finish(with_states({'held', now, 0, 0, more}, lines, now))
end

local lender
if lender_id ~= '' then
  lender = live_allocation(lender_id)
  if not lender then return finish({'no_such_allocation', now}) end
end
for i, line in ipairs(lines) do
  local counter, limits, rest = load_counter(line), line[LIMITS], line[AMOUNT]
  local j = line_on(lender, line[1])
  line[DRAWN] = nothing()
  if j then
    line[DRAWN] = each(smaller, line[AMOUNT], lender.body[4][j])
    rest = each(sub, line[AMOUNT], line[DRAWN])
    limits = limits_on(limits, rest)
  end
  local unit = broken_limit(line[ENFORCEMENT], limits, state_of(counter, now), rest)
  if unit then return finish(with_states({'short', now, i - 1, unit, more}, lines, now)) end
end
for _, line in ipairs(lines) do
  hold_on(load_counter(line), line[AMOUNT], line[DRAWN], 1)
  local j = line_on(lender, line[1])
  if j then draw(lender, j, line[DRAWN]) end
end
local reply = finish(with_states({'held', now, 0, 0, more}, lines, now))
local lease = stated and request[2] or now + request[2]
local call = {'open', now, lease, lender_id, lines, request[6]}
redis.call('SET', PREFIX .. 'call:' .. id, cmsgpack.pack(call))
redis.call('ZADD', LEASES, text_of(lease + 1), 'call:' .. id)
return reply
