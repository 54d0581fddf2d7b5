-- {now or false, id, record, token}: the token is the same when one settlement
-- is sent again because its answer was lost.
-- -> {'settled' | 'resent' | error, server ms, overrun…, states…}
local request = cmsgpack.unpack(ARGV[1])
local now, id, token = clock(request[1]), request[2], request[4]
local call = load_call(id)
if call and (call[1] == 'settled' or call[1] == 'kept') and call[2] == token then
  local overrun = call[3]
  return {'resent', now, reply_of(overrun[1]), reply_of(overrun[2]), reply_of(overrun[3])}
end
if not call or call[1] ~= 'open' then return not_open(call) end
local overrun = charge_hold(id, call, request[3], token)
local reply = {'settled', now, reply_of(overrun[1]), reply_of(overrun[2]), reply_of(overrun[3])}
return finish(with_states(reply, call[LINES], now))
