-- {now or false, most to sweep, whether every open hold is to lapse}
-- -> {'reaped', server ms, holds charged, 1 if there may be more}
local request = cmsgpack.unpack(ARGV[1])
local now, most = clock(request[1]), request[2]
local count, more
if request[3] then
  count, more = 0, 0
  local cursor = redis.call('ZRANGE', LEASES, 0, -1)
  for _, member in ipairs(cursor) do
    local id = string.match(member, '^call:(.*)$')
    if id and count == most then more = 1 break end
    if id then count = count + lapse(id, now) end
  end
  return finish({'reaped', now, count, more})
end
count, more = sweep(now, most)
-- Hours whose records are gone. What Redis expires, it expires by its own clock.
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', PREFIX .. 'hours', '-inf', time[1] .. '000')
-- Counters whose time is over and that nothing refers to any more.
local forgotten = {}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', PREFIX .. 'expiring', '-inf', text_of(now),
                                'LIMIT', 0, 1000)) do
  local rolling = redis.call('HGET', PREFIX .. 'counter:' .. key, 'rolling_ms')
  local counter = load_counter({key, rolling and tonumber(rolling) or 0, false})
  if is_idle(counter) then
    forgotten[#forgotten + 1] = key
    counter.forgotten = true
  end
end
local reply = finish({'reaped', now, count, more})
for _, key in ipairs(forgotten) do
  redis.call('ZREM', PREFIX .. 'expiring', key)
  redis.call('SREM', PREFIX .. 'counters', key)
  redis.call('DEL', PREFIX .. 'counter:' .. key, PREFIX .. 'window:' .. key)
end
return reply
