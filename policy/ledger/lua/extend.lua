-- {now or false, lease as in reserve, id, amount}
-- -> {'held' | 'short' | error, server ms, line, unit, 0, states…}
local request = cmsgpack.unpack(ARGV[1])
local now, id, amount = clock(request[1]), request[3], request[4]
local call = load_call(id)
if not call or call[1] ~= 'open' then return not_open(call) end
local lease = request[1] and request[2] or now + request[2]
local renewed = lease > call[LEASE]
if renewed then call[LEASE] = lease end

local function keep()
  redis.call('SET', PREFIX .. 'call:' .. id, cmsgpack.pack(call))
  if renewed then redis.call('ZADD', LEASES, text_of(lease + 1), 'call:' .. id) end
end

local lender, lines = live_allocation(call[ALLOCATION]), call[LINES]
local more, drawn, passed = {}, {}, {}
for i, line in ipairs(lines) do
  local j = line_on(lender, line[1])
  more[i] = each(sub, each(larger, line[AMOUNT], amount), line[AMOUNT])
  drawn[i] = j and each(smaller, more[i], lender.body[4][j]) or nothing()
  if line[ENFORCEMENT] >= ROOM then
    local rest = each(sub, more[i], drawn[i])
    local unit = broken_limit(ROOM, without_calls(limits_on(line[LIMITS], rest)),
                              state_of(load_counter(line), call[AT]), rest)
    passed[i] = unit
    if unit and line[ENFORCEMENT] ~= ROOM_TO_BEGIN then
      if renewed then keep() end
      return with_states({'short', now, i - 1, unit, 0}, lines, call[AT])
    end
  end
end
for i, line in ipairs(lines) do
  hold_on(load_counter(line), more[i], drawn[i], 0)
  local j = line_on(lender, line[1])
  if j then draw(lender, j, drawn[i]) end
  if passed[i] then
    line[IN_ROOM] = line[IN_ROOM] or line[AMOUNT]
  elseif not is_nothing(more[i]) then
    line[IN_ROOM] = nil
  end
  line[AMOUNT] = each(add, line[AMOUNT], more[i])
  line[DRAWN] = each(add, line[DRAWN], drawn[i])
end
raise_to(call[IF_LAPSED], amount)
local reply = finish(with_states({'held', now, 0, 0, 0}, lines, call[AT]))
keep()
return reply
