#!lua
-- A model publishes what it computed and acknowledges the change that it
-- computed on, in one step: who finds the epoch clean finds the values, too.
-- KEYS active meta models dirty clean model events config
-- ARGV symbol id name seq incarnation base by options contracts ts kind
--      n field (n that go) … field value …
-- base: the seq of what is replaced in part, '' when all of it is replaced;
-- by: who writes, so that nobody completes another's documents.
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'set', KEYS[4], 'set',
  KEYS[5], 'set', KEYS[6], 'hash', KEYS[8], 'hash' })
if wrong then return { 'badtype', wrong } end
local meta = redis.call('HMGET', KEYS[2], 'created_ts', 'incarnation', 'seq',
  'ack:' .. ARGV[3])
if not meta[1] then return { 'gone' } end
if is_marked(KEYS[2], 'retired') then return { 'retired' } end
local seq, now = tonumber(ARGV[4]), tonumber(meta[3] or '0')
if (meta[2] or '') ~= ARGV[5] or seq > now then return { 'other' } end
if not serves(KEYS[3], ARGV[3], ARGV[1]) then return { 'unknown' } end
-- Forgotten, and the name registered by another kind of model meanwhile.
local kind = redis.call('HGET', KEYS[8], 'model:' .. ARGV[3])
if kind and kind ~= ARGV[11] then return { 'taken', kind } end
local stored = redis.call('HMGET', KEYS[6], 'seq', 'by')
local acked = tonumber(meta[4] or '0')
local have = math.max(acked or 0, tonumber(stored[1] or '0') or 0)
if have > seq and have <= now then return { 'older', have } end
if ARGV[6] ~= '' and (stored[1] ~= ARGV[6] or stored[2] ~= ARGV[7]) then
  return { 'base' }
end

if ARGV[6] == '' then redis.call('DEL', KEYS[6]) end
local first = 13 + tonumber(ARGV[12])
for i = 13, first - 1 do redis.call('HDEL', KEYS[6], ARGV[i]) end
redis.call('HSET', KEYS[6], 'seq', ARGV[4], 'contracts', ARGV[9],
  'ts', ARGV[10], 'options', ARGV[8], 'by', ARGV[7])
for i = first, #ARGV, 2 do
  redis.call('HSET', KEYS[6], ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[2], 'ack:' .. ARGV[3], ARGV[4])
tell(KEYS[7], 'ack', ARGV[2], ARGV[4] .. ' ' .. ARGV[3])
if settle(KEYS[3], ARGV[1], KEYS[2], KEYS[4], KEYS[5], ARGV[2]) then
  tell(KEYS[7], 'clean', ARGV[2], ARGV[4])
end
return { 'ok', meta[3] }
