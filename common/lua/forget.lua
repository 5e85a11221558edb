#!lua
-- A model will not come back: epochs that waited for it alone become clean,
-- by the rule of an acknowledgement.
-- KEYS active models dirty clean events config, then of every active epoch: meta
-- ARGV member, then of every active epoch: symbol id
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'set', KEYS[3], 'set', KEYS[4], 'set',
  KEYS[6], 'hash' })
for i = 7, #KEYS do wrong = wrong or wrong_type({ KEYS[i], 'hash' }) end
if wrong then return { 'badtype', wrong } end
if not actives_are(KEYS[1], 2) then return { 'conflict' } end
local known = redis.call('SMEMBERS', KEYS[2])
local n, cleaned = 0, 0
for i = 1, #known do
  -- NAME takes its NAME@SYMBOL with it.
  if known[i] == ARGV[1] or
     string.sub(known[i], 1, #ARGV[1] + 1) == ARGV[1] .. '@' then
    redis.call('SREM', KEYS[2], known[i])
    n = n + 1
  end
end
local name = string.match(ARGV[1], '^[^@]*')
if not is_registered(KEYS[2], name) then
  redis.call('HDEL', KEYS[6], 'model:' .. name)
end
for i = 2, #ARGV, 2 do
  local meta = KEYS[7 + (i - 2) / 2]
  if n > 0 and redis.call('SISMEMBER', KEYS[3], ARGV[i + 1]) == 1 and
     settle(KEYS[2], ARGV[i], meta, KEYS[3], KEYS[4], ARGV[i + 1]) then
    cleaned = cleaned + 1
    tell(KEYS[5], 'clean', ARGV[i + 1],
      redis.call('HGET', meta, 'seq'))
  end
end
return { 'ok', n .. ' ' .. cleaned }
