-- Usage records: a stream a day, sums an hour, and what is remembered of a
-- call once it is over.
-- A record is {hour, kept until (ms), group, figures, values}: `figures` are
-- what rollups sum, `values` are in the order of FIELDS.
local HOUR, KEPT_UNTIL, GROUP, FIGURES, VALUES = 1, 2, 3, 4, 5

local function used_by(record)
  local figures = record[FIGURES]
  return {figures[9], figures[2], figures[3]}
end

-- Raises the figures to at least `amount`, as ledger::raise_to.
local function raise_to(record, amount)
  local missing = each(larger, each(sub, amount, used_by(record)), nothing())
  local figures, values = record[FIGURES], record[VALUES]
  local function raise(list, index, by) list[index] = add(list[index], by) end
  raise(figures, 2, missing[2])
  raise(figures, 3, missing[3])
  raise(figures, 8, missing[1])
  raise(figures, 9, missing[1])
  raise(values, INPUT, missing[2])
  raise(values, OUTPUT, missing[3])
  raise(values, OUTPUT_COST, missing[1])
  raise(values, TOTAL_COST, missing[1])
end

-- Adds a record to the sums of its hour, or takes it out with `sub`. Returns
-- whether it is the first of its group.
local function roll_up(record, sign)
  local key, figures = PREFIX .. 'rollup:' .. record[HOUR], record[FIGURES]
  local kept = redis.call('HGET', key, record[GROUP])
  if not kept and sign == sub then return false end
  local sums, i = {}, 0
  if kept then
    for sum in string.gmatch(kept, '%S+') do
      i = i + 1
      sums[i] = text_of(sign(int(sum), figures[i]))
    end
  else
    for j = 1, #figures do sums[j] = text_of(sign(0, figures[j])) end
  end
  if sums[1] == '0' then
    redis.call('HDEL', key, record[GROUP])
  else
    redis.call('HSET', key, record[GROUP], table.concat(sums, ' '))
  end
  return not kept
end

local function usage_key(record)
  return PREFIX .. 'usage:' .. string.sub(record[HOUR], 1, 10)
end

-- Returns the entry's id in its stream.
local function write_record(record)
  local arguments, values = {}, record[VALUES]
  for i = 1, #FIELDS do
    arguments[2 * i - 1] = FIELDS[i]
    arguments[2 * i] = text_of(values[i])
  end
  local key = usage_key(record)
  local entry = redis.call('XADD', key, '*', unpack(arguments))
  if roll_up(record, add) then
    local kept_until = text_of(record[KEPT_UNTIL])
    redis.call('PEXPIREAT', key, kept_until)
    redis.call('PEXPIREAT', PREFIX .. 'rollup:' .. record[HOUR], kept_until)
  end
  return entry
end

-- What is left of a call that was charged: enough to correct it where that may
-- come, else only that it is over.
local function remember(charge, entry)
  local key, record = PREFIX .. 'call:' .. charge.id, charge.record
  if not charge.correctable then
    redis.call('SET', key, cmsgpack.pack({'settled', charge.token, charge.overrun}), 'PX',
               CALL_KEPT_MS)
    return
  end
  local lines = {}
  for i, line in ipairs(charge.lines) do
    lines[i] = {line[1], line[2], line[3], counters[line[1]].number}
  end
  local values = record[VALUES]
  local kept = {'kept', charge.token, charge.overrun, values[ESTIMATED] == 1, charge.at, lines,
                record[HOUR], record[KEPT_UNTIL], record[GROUP], record[FIGURES], entry,
                values[TIMESTAMP], values[POLICIES]}
  redis.call('SET', key, cmsgpack.pack(kept), 'PX', RECORD_KEPT_MS)
end

-- Everything that was decided, then the reply.
local function finish(reply)
  -- Leaves the leases first: a write that is allowed when memory is full, after
  -- which Redis lets the script write the rest. Only new holds are refused then.
  if #ended > 0 then redis.call('ZREM', LEASES, unpack(ended)) end
  for _, counter in ipairs(counter_order) do
    if counter.dirty then write_counter(counter) end
  end
  for _, allocation in pairs(allocations) do
    if allocation and allocation.dirty then write_allocation(allocation) end
  end
  for _, charge in ipairs(charges) do remember(charge, write_record(charge.record)) end
  return reply
end

-- Adds the counters' states at `now` to a reply.
local function with_states(reply, lines, now)
  for _, line in ipairs(lines) do
    local state = state_of(load_counter(line), now)
    local n = #reply
    for unit = 1, 3 do
      reply[n + unit] = reply_of(state[1][unit])
      reply[n + 3 + unit] = reply_of(state[2][unit])
    end
    reply[n + 7], reply[n + 8] = reply_of(state[3]), reply_of(state[4])
  end
  return reply
end
