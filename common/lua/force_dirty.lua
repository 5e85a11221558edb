#!lua
-- A forced snapshot could not be had: the epoch that stays is marked forced
-- and is computed again in full.
-- KEYS active meta dirty clean events config journal
-- ARGV symbol id
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'set', KEYS[4], 'set' }) or
  journal_wrong()
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'superseded', active } end
local meta = redis.call('HMGET', KEYS[2], 'created_ts', 'seq')
if not meta[1] then return { 'damaged' } end
local seq = (tonumber(meta[2] or '0') or 0) + 1
journal(journal_max(), 'force_dirty', ARGV[2], { tostring(seq) }, '')
redis.call('HSET', KEYS[2], 'forced_dirty', '1', 'seq', seq, 'full_seq', seq)
make_dirty(KEYS[3], KEYS[4], ARGV[2])
tell(KEYS[5], 'force', ARGV[2], seq)
return { 'ok', tostring(seq) }
