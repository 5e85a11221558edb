#!lua
-- A symbol is silent: raise the count of its active epoch, never lower it
-- (the first accepted tick sets it back to 0), and once the silence was too
-- long have the epoch computed again in full, whatever becomes of the new
-- snapshot.  Repeatable: after a lost answer the count is the same.
-- KEYS active meta dirty clean events
-- ARGV symbol id count force(1|0)
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'set', KEYS[4], 'set' })
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'superseded', active } end
local meta = redis.call('HMGET', KEYS[2], 'created_ts', 'dormant_count')
if not meta[1] then return { 'damaged' } end
if tonumber(ARGV[3]) > (tonumber(meta[2] or '0') or 0) then
  redis.call('HSET', KEYS[2], 'dormant_count', ARGV[3])
end
if ARGV[4] == '1' then
  local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
  redis.call('HSET', KEYS[2], 'full_seq', seq)
  make_dirty(KEYS[3], KEYS[4], ARGV[2])
  tell(KEYS[5], 'dormant', ARGV[2], seq)
end
return { 'ok' }
