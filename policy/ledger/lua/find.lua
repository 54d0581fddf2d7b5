-- {now or false, id}
-- -> {'found', server ms, hour, entry} | {'unknown_hold'}: where a call's record
-- is, as long as that is remembered of it
local request = cmsgpack.unpack(ARGV[1])
local now, call = clock(request[1]), load_call(request[2])
if call and call[1] == 'settled' then return {'found', now, call[4], call[5]} end
if call and call[1] == 'kept' then return {'found', now, call[7], call[11]} end
return {'unknown_hold', now}
