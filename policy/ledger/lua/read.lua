-- {now or false, lines} -> {'states', server ms, states…}
local request = cmsgpack.unpack(ARGV[1])
local now = clock(request[1])
return with_states({'states', now}, request[2], now)
