#!lua
-- A model says that it is there: from now on an epoch of its symbols is clean
-- only when it has computed, too.
-- KEYS active models dirty clean, then of every active epoch: meta model
-- ARGV name options n member (n) … symbol id (of every active epoch) …
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'set', KEYS[3], 'set', KEYS[4], 'set' })
for i = 5, #KEYS do wrong = wrong or wrong_type({ KEYS[i], 'hash' }) end
if wrong then return { 'badtype', wrong } end
local first = 4 + tonumber(ARGV[3])
if not actives_are(KEYS[1], first) then return { 'conflict' } end
for i = 4, first - 1 do redis.call('SADD', KEYS[2], ARGV[i]) end
local ack = 'ack:' .. ARGV[1]
for i = first, #ARGV, 2 do
  local meta = KEYS[5 + i - first]
  local have = redis.call('HMGET', meta, 'created_ts', 'seq', ack)
  local options = redis.call('HGET', KEYS[6 + i - first], 'options')
  if have[1] and serves(KEYS[2], ARGV[1], ARGV[i]) and
     (have[2] ~= have[3] or options ~= ARGV[2]) then
    -- Not deleted: it tells that there is something of the model to remove.
    if have[3] then redis.call('HSET', meta, ack, '0') end
    make_dirty(KEYS[3], KEYS[4], ARGV[i + 1])
  end
end
return { 'ok' }
