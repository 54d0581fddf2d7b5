-- 64-bit integers that saturate, exactly as pricing::Quantity, in a language
-- whose only number is a double. A value is a number while that is exact, and
-- beyond it a pair {high, low}: high * 1e9 + low, with 0 <= low < 1e9. The
-- pair survives MessagePack as it is.
local EXACT = 9007199254740991
local BILLION = 1000000000
local MOST, LEAST = {9223372036, 854775807}, {-9223372037, 145224192}

local function wide(n)
  if type(n) == 'table' then return n end
  local low = n % BILLION
  return {(n - low) / BILLION, low}
end

local function pair_less(a, b)
  if a[1] ~= b[1] then return a[1] < b[1] end
  return a[2] < b[2]
end

local function saturated(high, low)
  local pair = {high, low}
  if pair_less(MOST, pair) then return MOST end
  if pair_less(pair, LEAST) then return LEAST end
  return pair
end

-- From what a hash field holds: decimal text, or false where there is none.
local function int(text)
  if not text then return 0 end
  if #text < 16 then return tonumber(text) end
  local negative = string.byte(text) == 45
  local digits = negative and string.sub(text, 2) or text
  local high, low = tonumber(string.sub(digits, 1, -10)), tonumber(string.sub(digits, -9))
  if not negative then return {high, low} end
  if low == 0 then return {-high, 0} end
  return {-high - 1, BILLION - low}
end

local function add(a, b)
  if type(a) == 'number' and type(b) == 'number' then
    local sum = a + b
    if sum <= EXACT and sum >= -EXACT then return sum end
  end
  a, b = wide(a), wide(b)
  local high, low = a[1] + b[1], a[2] + b[2]
  if low >= BILLION then high, low = high + 1, low - BILLION end
  return saturated(high, low)
end

local function sub(a, b)
  if type(a) == 'number' and type(b) == 'number' then
    local difference = a - b
    if difference <= EXACT and difference >= -EXACT then return difference end
  end
  a, b = wide(a), wide(b)
  local high, low = a[1] - b[1], a[2] - b[2]
  if low < 0 then high, low = high - 1, low + BILLION end
  return saturated(high, low)
end

local function less(a, b)
  if type(a) == 'number' and type(b) == 'number' then return a < b end
  return pair_less(wide(a), wide(b))
end

local function equal(a, b)
  if type(a) == 'number' and type(b) == 'number' then return a == b end
  a, b = wide(a), wide(b)
  return a[1] == b[1] and a[2] == b[2]
end

local function smaller(a, b) return less(b, a) and b or a end
local function larger(a, b) return less(a, b) and b or a end

-- Decimal text of a value; text stays what it is.
local function text_of(n)
  if type(n) == 'string' then return n end
  if type(n) == 'number' then return string.format('%.0f', n) end
  local high, low, sign = n[1], n[2], ''
  if high < 0 then
    sign = '-'
    if low == 0 then high = -high else high, low = -high - 1, BILLION - low end
  end
  if high == 0 then return sign .. string.format('%.0f', low) end
  return sign .. string.format('%.0f%09.0f', high, low)
end

-- For a reply: an integer where Redis makes one of it exactly, else text.
local function reply_of(n)
  return type(n) == 'number' and n or text_of(n)
end
