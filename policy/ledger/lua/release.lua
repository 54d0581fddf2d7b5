-- {now or false, id} -> {'released' | error, server ms}
local request = cmsgpack.unpack(ARGV[1])
local now, id = clock(request[1]), request[2]
local call = load_call(id)
if not call or call[1] ~= 'open' then return not_open(call) end
give_back(call, nothing())
ended[#ended + 1] = 'call:' .. id
local reply = finish({'released', now})
redis.call('SET', PREFIX .. 'call:' .. id, cmsgpack.pack({'released'}), 'PX', CALL_KEPT_MS)
return reply
