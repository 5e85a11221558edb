#!lua
-- A forced snapshot could not be had: the epoch that stays is marked forced
-- and is computed again in full.
-- KEYS active meta dirty clean events
-- ARGV symbol id
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'set', KEYS[4], 'set' })
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'superseded', active } end
if redis.call('HEXISTS', KEYS[2], 'created_ts') == 0 then
  return { 'damaged' }
end
local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
redis.call('HSET', KEYS[2], 'forced_dirty', '1', 'full_seq', seq)
make_dirty(KEYS[3], KEYS[4], ARGV[2])
tell(KEYS[5], 'force', ARGV[2], seq)
return { 'ok', seq }
