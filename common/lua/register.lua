#!lua
-- A model says that it is there: from now on an epoch of its symbols is clean
-- only when it has computed, too.
-- KEYS active models dirty clean config, then of every active epoch: meta model
-- ARGV name options kind n member (n) … symbol id (of every active epoch) …
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'set', KEYS[3], 'set', KEYS[4], 'set',
  KEYS[5], 'hash' })
for i = 6, #KEYS do wrong = wrong or wrong_type({ KEYS[i], 'hash' }) end
if wrong then return { 'badtype', wrong } end
local name, kind = ARGV[1], ARGV[3]
local first = 5 + tonumber(ARGV[4])
if not actives_are(KEYS[1], first) then return { 'conflict' } end
-- A registered name is of one kind of model: two would replace each other's
-- documents.  Where nobody noted which, the documents say it.
if is_registered(KEYS[2], name) then
  local known = redis.call('HGET', KEYS[5], 'model:' .. name)
  for i = 7, #KEYS, 2 do
    known = known or string.match(redis.call('HGET', KEYS[i], 'doc') or '',
      '^{"type":"([a-z0-9_-]+)"')
  end
  if known and known ~= kind then return { 'taken', known } end
end
redis.call('HSET', KEYS[5], 'model:' .. name, kind)
for i = 5, first - 1 do redis.call('SADD', KEYS[2], ARGV[i]) end
local ack = 'ack:' .. name
for i = first, #ARGV, 2 do
  local meta = KEYS[6 + i - first]
  local have = redis.call('HMGET', meta, 'created_ts', 'seq', ack)
  local options = redis.call('HGET', KEYS[7 + i - first], 'options')
  if have[1] and serves(KEYS[2], name, ARGV[i]) and
     (have[2] ~= have[3] or options ~= ARGV[2]) then
    -- Not deleted: it tells that there is something of the model to remove.
    if have[3] then redis.call('HSET', meta, ack, '0') end
    make_dirty(KEYS[3], KEYS[4], ARGV[i + 1])
  end
end
return { 'ok' }
