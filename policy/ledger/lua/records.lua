-- Usage records: a stream an hour, sums by hour and by day, and what is
-- remembered of a call once it is over.
-- A record is {hour, kept until (ms), group, figures, values}: `figures` are
-- what is summed; `group` is what sums are kept apart by, {user and tags, the
-- other labels, context}; `values` are in the order of FIELDS.
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

local CELL = string.rep('(%S+) ', 9) .. '(%S+)'
local CELL_WRITTEN = string.rep('%.0f ', 9) .. '%.0f'

-- Adds figures to one cell, or takes them out with `sub`. Returns whether the
-- cell is new.
local function add_to_cell(key, cell, figures, sign)
  local kept = redis.call('HGET', key, cell)
  if not kept and sign == sub then return false end
  local sums, exact = {string.match(kept or '0 0 0 0 0 0 0 0 0 0', CELL)}, true
  for i = 1, 10 do
    sums[i] = sign(int(sums[i]), figures[i])
    exact = exact and type(sums[i]) == 'number'
  end
  if equal(sums[1], 0) then
    redis.call('HDEL', key, cell)
  elseif exact then
    redis.call('HSET', key, cell, string.format(CELL_WRITTEN, unpack(sums)))
  else
    for i = 1, 10 do sums[i] = text_of(sums[i]) end
    redis.call('HSET', key, cell, table.concat(sums, ' '))
  end
  return not kept
end

-- Adds a record to the sums of its hour and day, or takes it out with `sub`.
-- `policies` are those that it counted against, encoded. Returns whether
-- something began that must be given an end.
local function roll_up(record, policies, sign)
  local group, figures, hour = record[GROUP], record[FIGURES], record[HOUR]
  local cell = group[2] .. '|' .. policies
  local detail, first = group[1] .. '|' .. cell, false
  for _, period in ipairs({hour, string.sub(hour, 1, 10)}) do
    local new = add_to_cell(PREFIX .. 'rollup:' .. period, cell, figures, sign)
    first = add_to_cell(PREFIX .. 'detail:' .. period, detail, figures, sign) or new or first
  end
  if group[3] ~= '' then
    local key = PREFIX .. 'contexts:' .. hour
    local calls = redis.call('HINCRBY', key, group[3], sign(0, 1))
    if calls < 1 then redis.call('HDEL', key, group[3]) end
    first = first or calls == 1
  end
  return first
end

local function usage_key(record)
  return PREFIX .. 'usage:' .. record[HOUR]
end

-- Returns the entry's id in its stream.
local function write_record(record)
  local arguments, values = {}, record[VALUES]
  for i = 1, #FIELDS do
    arguments[2 * i - 1] = FIELDS[i]
    arguments[2 * i] = text_of(values[i])
  end
  local hour, kept_until = record[HOUR], text_of(record[KEPT_UNTIL])
  local entry = redis.call('XADD', usage_key(record), '*', unpack(arguments))
  if roll_up(record, values[POLICIES], add) then
    local day = string.sub(hour, 1, 10)
    for _, name in ipairs({'usage:' .. hour, 'rollup:' .. hour, 'detail:' .. hour,
                           'contexts:' .. hour, 'rollup:' .. day, 'detail:' .. day}) do
      redis.call('PEXPIREAT', PREFIX .. name, kept_until)
    end
    redis.call('ZADD', PREFIX .. 'hours', kept_until, hour)
  end
  -- Entries are in the order of their settlement. Who looks for the newest
  -- admissions may stop once no older entry can be of a later one.
  local ahead = values[TIMESTAMP] - tonumber(string.match(entry, '^%d+'))
  if ahead > 0 then
    local key = PREFIX .. 'ahead:' .. hour
    if ahead > tonumber(redis.call('GET', key) or 0) then
      redis.call('SET', key, text_of(ahead))
      redis.call('PEXPIREAT', key, kept_until)
    end
  end
  return entry
end

-- What is left of a call that was charged: enough to correct it where that may
-- come, else only that it is over.
local function remember(charge, entry)
  local key, record = PREFIX .. 'call:' .. charge.id, charge.record
  if not charge.correctable then
    redis.call('SET', key,
               cmsgpack.pack({'settled', charge.token, charge.overrun, record[HOUR], entry}), 'PX',
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
