-- SPDX-FileCopyrightText: The boxgrpc authors
-- SPDX-License-Identifier: Apache-2.0

-- One key of the gate: time passes, what was let through counts, a 429 closes, numbers
-- are drawn, and whoever has to know is told. state.go names the fields.
--
-- KEYS  the key's hash; the sorted set of all keys
-- ARGV  channel, id, closing that the asker knows, how many were let through since,
--       wait of a 429 ('' none came, negative: none was named), '1' if it is news,
--       how many numbers the asker took without asking, the asker's state or '', then the
--       longest wait of each number asked for
-- Returns nothing if nobody knows the key, else its state and for each number the number,
-- or the negative time until its turn, which is too late.
local fields = {'seq', 'closing', 'rest', 'pos', 'tail', 'rate', 'growth', 'step', 'last', 'backoff', 'passing', 'most', 'crowd', 'born'}
local channel, id, seen, passed = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local wait, news = tonumber(ARGV[5]), ARGV[6] == '1'
local owed, known = tonumber(ARGV[7]), ARGV[8]
local life, spare, waiting = 120000000, 0.1, 1000

local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

-- A key that Redis has lost is made again from what the asker knows.
local asker, n = {}, 0
for word in string.gmatch(known, '%S+') do
  n = n + 1
  asker[fields[n]] = tonumber(word)
end
local kept, s, elapsed = redis.call('HMGET', KEYS[1], 'at', 'heard', unpack(fields)), {}, 0
if kept[1] then
  for i, f in ipairs(fields) do s[f] = tonumber(kept[i + 2]) end
  elapsed = math.max(now - tonumber(kept[1]), 0) -- the clock may have been set back
  if asker.born == s.born then s.tail = s.tail + owed end
elseif known ~= '' then
  s = asker
  s.born = now
else
  return {}
end
local heard = tonumber(kept[2] or 0)
local most = s.most > 0 and s.most or math.huge

s.pos = s.pos + s.rate * math.max(elapsed - s.rest, 0) / 1000000
s.rest = math.max(s.rest - elapsed, 0)
s.seq = s.seq + 1
s.crowd = redis.call('PUBSUB', 'NUMSUB', channel)[2]

-- The pace is that of retry/pace.go, which gives the reasons.
local function let_through()
  s.rate = math.min(s.rate + s.growth, most)
  if s.rate > s.last * (1 + s.step / 4) then
    s.last = s.rate
    s.step = math.min(2 * s.step, 1)
    s.growth = math.min(4 * s.growth, 1.5)
  end
end

local function throttled(closed)
  if s.rate < s.last * (1 - s.step * (1 - 1 / 16)) then
    s.step = math.min(2 * s.step, 1 / 2)
  else
    s.step = math.max(s.step / 2, 1 / 32)
  end
  s.last = s.rate
  s.rate = math.min(math.max(s.rate * (1 - s.step), 0.1), most)
  s.growth = s.step * s.step / 2 / math.max(closed / 1000000, 1)
end

-- after is how long n numbers take, the growth that they bring included.
local function after(n)
  local t = n / s.rate
  if s.growth > 0 then
    t = math.max(math.log(1 + s.growth * t) / s.growth, n / most)
  end
  return t * 1000000
end

-- What was sent before the last closing says nothing about what has come since. Who does
-- not know of a closing that is a second old has heard of it, and forgotten the key.
local current = seen >= s.closing or now > s.closing + 1000000
if passed > 0 and current then
  s.passing, s.backoff = 1, 0
  if s.tail > s.pos then
    for _ = 1, passed do let_through() end
  end
end

-- A 429 of a request that was under way when the key closed is no news, but its wait may
-- be longer. If nothing has passed since then, the closure was too short, not the pace
-- too high.
if wait then
  news = news and current
  if news then
    if wait < 0 then
      s.backoff = math.min(math.max(2 * s.backoff, 1000000), 60000000)
      wait = s.backoff
    end
    if s.passing == 1 then throttled(wait) end
    s.passing = 0
  end
  if news or wait > s.rest then
    s.rest = math.max(s.rest, wait)
    s.tail = math.max(s.tail, s.pos) -- no unused time is made up for after a closing
    s.closing = math.max(now, s.closing + 1)
    heard = 0
  end
end

local answers = {''}
for i = 9, #ARGV do
  local number = math.max(s.tail, s.pos - s.rate * spare)
  local ahead = math.max(number - s.pos, 0)
  local turn = s.rest + after(ahead)
  if turn > tonumber(ARGV[i]) or ahead >= waiting then
    answers[#answers + 1] = string.format('%.17g', -math.max(turn, 1))
  else
    s.tail = number + 1
    answers[#answers + 1] = string.format('%.17g', number)
  end
end

local words, set = {}, {}
for i, f in ipairs(fields) do
  words[i] = string.format('%.17g', s[f])
  set[2 * i - 1], set[2 * i] = f, words[i]
end
answers[1] = table.concat(words, ' ')

-- Replicas that wait have to know a pace that has changed by more than a little.
if math.abs(s.rate - heard) > heard / 32 then
  heard = s.rate
  redis.call('PUBLISH', channel, id .. ' ' .. answers[1])
end
redis.call('HSET', KEYS[1], 'at', string.format('%.17g', now), 'heard', string.format('%.17g', heard), unpack(set))

local ttl = math.min(math.ceil((s.rest + life) / 1000), 1e15)
local till = string.format('%.0f', math.ceil(now / 1000) + ttl)
redis.call('PEXPIREAT', KEYS[1], till)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now / 1000))
redis.call('ZADD', KEYS[2], till, id)
local longest = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', longest[2]))
return answers
