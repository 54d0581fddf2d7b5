-- {now or false, id, whether to release it}
-- -> {'allocation' | error, server ms, ended, expires_at or '', allocated…, remaining…}
local request = cmsgpack.unpack(ARGV[1])
local now = clock(request[1])
local allocation = load_allocation(request[2])
if not allocation then return {'no_such_allocation', now} end
if request[3] then end_allocation(allocation) end
local body = allocation.body
local allocated, remaining = nothing(), nothing()
for j, line in ipairs(body[3]) do
  allocated = j == 1 and line[AMOUNT] or each(smaller, allocated, line[AMOUNT])
  remaining = j == 1 and body[4][j] or each(smaller, remaining, body[4][j])
end
local reply = {'allocation', now, body[1] and 1 or 0, body[2] and reply_of(body[2]) or ''}
for unit = 1, 3 do
  reply[4 + unit], reply[7 + unit] = reply_of(allocated[unit]), reply_of(remaining[unit])
end
return finish(reply)
