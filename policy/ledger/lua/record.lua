-- {now or false, id, record, lines, timestamp in ms}
-- -> {'recorded' | 'corrected' | error, server ms}
local request = cmsgpack.unpack(ARGV[1])
local now, id, record, lines, at = clock(request[1]), request[2], request[3], request[4], request[5]
local call = load_call(id)
if not call then
  for _, line in ipairs(lines) do charge_counter(load_counter(line), at, used_by(record), 1) end
  charges[1] = {id = id, record = record, at = at, lines = lines, token = '',
                overrun = nothing(), correctable = true}
  return finish({'recorded', now})
end
if call[1] == 'open' then return {'duplicate_hold', now} end
if call[1] ~= 'kept' or not call[4] then return {'already_resolved', now} end

local before = {call[7], call[8], call[9], call[10]}
local difference = each(sub, used_by(record), used_by(before))
record[HOUR], record[KEPT_UNTIL] = before[HOUR], before[KEPT_UNTIL]
record[VALUES][TIMESTAMP], record[VALUES][POLICIES] = call[12], call[13]
local charge = {id = id, record = record, at = call[5], lines = call[6], token = '',
                overrun = call[3], correctable = true}
for _, line in ipairs(charge.lines) do
  local counter = load_counter(line)
  -- Not on a counter that was forgotten since, even if there is a new one.
  if counter.exists and counter.number == line[4] then
    charge_counter(counter, charge.at, difference, 0)
  else
    counter.number = line[4]
  end
end
redis.call('XDEL', usage_key(before), call[11])
roll_up(before, call[13], sub)
charges[1] = charge
return finish({'corrected', now})
