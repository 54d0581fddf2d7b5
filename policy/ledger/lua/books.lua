-- One script's view of the store. Everything is read and decided first and
-- written by finish() at the end, because Redis does not undo the writes of a
-- script that fails half-way.
local LEASES = KEYS[1]
local PREFIX = string.sub(LEASES, 1, -7)

-- A key that is never there. While the slot migrates to another node of a
-- cluster, asking for a key that is not here is an error, and so is every step
-- then, before it has written anything: no step sees a part of the keys.
redis.call('EXISTS', PREFIX .. 'nothing')

-- Milliseconds. The caller's instant where it states one (tests do), else the
-- server's, so that replicas whose clocks differ agree.
local function clock(stated)
  if stated then return stated end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local counters, counter_order = {}, {}  -- by key, and in the order they were loaded
local allocations = {}                  -- by id; false: there is none
local charges = {}                      -- records to write
local ended = {}                        -- members that leave the leases

local COUNTER = {'cost', 'input', 'output', 'requests', 'held_cost', 'held_input', 'held_output',
                 'in_flight', 'allocations', 'number'}

local function load_window(counter)
  counter.bucket_ms = math.ceil(counter.rolling / 60)
  counter.buckets, counter.changed = {}, {}
  local stored = redis.call('HGETALL', PREFIX .. 'window:' .. counter.key)
  for i = 1, #stored, 2 do
    local cost, input, output, requests = string.match(stored[i + 1], '(%S+) (%S+) (%S+) (%S+)')
    counter.buckets[tonumber(stored[i])] = {int(cost), int(input), int(output), int(requests)}
  end
end

-- `line` is {key, rolling in ms or 0, expires_at in ms or false}, and more.
local function load_counter(line)
  local key = line[1]
  local counter = counters[key]
  if counter then return counter end
  local kept = redis.call('HMGET', PREFIX .. 'counter:' .. key, unpack(COUNTER))
  counter = {
    key = key, rolling = line[2], expires_at = line[3],
    exists = kept[10] and true or false,
    spent = {int(kept[1]), int(kept[2]), int(kept[3])}, requests = int(kept[4]),
    held = {int(kept[5]), int(kept[6]), int(kept[7])}, in_flight = int(kept[8]),
    allocations = int(kept[9]), number = kept[10] and tonumber(kept[10]) or 0,
  }
  if counter.rolling > 0 then load_window(counter) end
  counters[key] = counter
  counter_order[#counter_order + 1] = counter
  return counter
end

-- {spent, held, requests, in_flight} at `now`.
local function state_of(counter, now)
  local spent, requests = counter.spent, counter.requests
  if counter.buckets then
    for index, bucket in pairs(counter.buckets) do
      if (index + 1) * counter.bucket_ms > now - counter.rolling then
        spent = each(add, spent, bucket)
        requests = add(requests, bucket[4])
      end
    end
  end
  return {spent, counter.held, requests, counter.in_flight}
end

local function charge_counter(counter, at, amount, calls)
  counter.dirty = true
  if not counter.buckets then
    counter.spent = each(add, counter.spent, amount)
    counter.requests = add(counter.requests, calls)
    return
  end
  local index = math.floor(at / counter.bucket_ms)
  local bucket = counter.buckets[index] or {0, 0, 0, 0}
  local sums = each(add, bucket, amount)
  sums[4] = add(bucket[4], calls)
  counter.buckets[index] = sums
  counter.changed[index] = true
end

-- Held amounts move by `amount` up, then by `less_by` down.
local function hold_on(counter, amount, less_by, calls)
  counter.dirty = true
  counter.held = each(add, counter.held, each(sub, amount, less_by))
  counter.in_flight = add(counter.in_flight, calls)
end

local function is_idle(counter)
  return equal(counter.in_flight, 0) and equal(counter.allocations, 0) and is_nothing(counter.held)
end

-- {ended, expires_at or false, lines, remaining}; nil when there is none.
local function load_allocation(id)
  if allocations[id] == nil then
    local kept = redis.call('GET', PREFIX .. 'allocation:' .. id)
    allocations[id] = kept and {id = id, body = cmsgpack.unpack(kept)} or false
  end
  return allocations[id] or nil
end

local function live_allocation(id)
  if id == '' then return nil end
  local allocation = load_allocation(id)
  if not allocation or allocation.body[1] then return nil end
  return allocation
end

-- The number of the allocation's line on a counter, or nil.
local function line_on(allocation, key)
  if not allocation then return nil end
  for j, line in ipairs(allocation.body[3]) do
    if line[1] == key then return j end
  end
  return nil
end

local function draw(allocation, j, amount)
  local remaining = allocation.body[4]
  remaining[j] = each(sub, remaining[j], amount)
  allocation.dirty = true
end

local function end_allocation(allocation)
  local body = allocation.body
  if body[1] then return end
  for j, line in ipairs(body[3]) do
    local counter = load_counter(line)
    hold_on(counter, nothing(), body[4][j], 0)
    counter.allocations = sub(counter.allocations, 1)
    body[4][j] = nothing()
  end
  body[1] = true
  allocation.dirty = true
  ended[#ended + 1] = 'allocation:' .. allocation.id
end

local function write_window(counter)
  local key = PREFIX .. 'window:' .. counter.key
  local newest = -math.huge
  for index in pairs(counter.buckets) do newest = math.max(newest, index) end
  for index in pairs(counter.buckets) do
    if index < newest - WINDOW_BUCKETS_KEPT then
      redis.call('HDEL', key, string.format('%.0f', index))
      counter.buckets[index], counter.changed[index] = nil, nil
    end
  end
  for index in pairs(counter.changed) do
    local sums = counter.buckets[index]
    redis.call('HSET', key, string.format('%.0f', index),
               text_of(sums[1]) .. ' ' .. text_of(sums[2]) .. ' ' .. text_of(sums[3]) .. ' ' ..
               text_of(sums[4]))
  end
end

local function write_counter(counter)
  if not counter.exists then
    counter.number = redis.call('HINCRBY', PREFIX .. 'meta', 'counters', 1)
    redis.call('SADD', PREFIX .. 'counters', counter.key)
    if counter.expires_at then
      redis.call('ZADD', PREFIX .. 'expiring', text_of(counter.expires_at), counter.key)
    end
  end
  local spent, held = counter.spent, counter.held
  redis.call('HSET', PREFIX .. 'counter:' .. counter.key,
             'cost', text_of(spent[1]), 'input', text_of(spent[2]), 'output', text_of(spent[3]),
             'requests', text_of(counter.requests), 'held_cost', text_of(held[1]),
             'held_input', text_of(held[2]), 'held_output', text_of(held[3]),
             'in_flight', text_of(counter.in_flight), 'allocations', text_of(counter.allocations),
             'number', text_of(counter.number), 'rolling_ms', text_of(counter.rolling))
  if counter.buckets then write_window(counter) end
end

local function write_allocation(allocation)
  local key, body = PREFIX .. 'allocation:' .. allocation.id, cmsgpack.pack(allocation.body)
  if allocation.body[1] then
    redis.call('SET', key, body, 'PX', ENDED_ALLOCATION_KEPT_MS)
  else
    redis.call('SET', key, body)
    if allocation.fresh and allocation.body[2] then
      redis.call('ZADD', LEASES, text_of(allocation.body[2]), 'allocation:' .. allocation.id)
    end
  end
end
