#!lua
-- A symbol is silent: raise the count of its active epoch, never lower it
-- (the first accepted tick sets it back to 0), and once the silence was too
-- long have the epoch computed again in full, whatever becomes of the new
-- snapshot.  Repeatable: after a lost answer the count is the same.
-- KEYS active meta dirty clean events config journal
-- ARGV symbol id count force(1|0)
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'set', KEYS[4], 'set' }) or
  journal_wrong()
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'superseded', active } end
local meta = redis.call('HMGET', KEYS[2], 'created_ts', 'dormant_count',
  'seq')
if not meta[1] then return { 'damaged' } end
local raised = tonumber(ARGV[3]) > (tonumber(meta[2] or '0') or 0)
local seq = (tonumber(meta[3] or '0') or 0) + 1
if raised or ARGV[4] == '1' then
  journal(journal_max(), 'dormant', ARGV[2],
    { ARGV[3], ARGV[4], tostring(ARGV[4] == '1' and seq or seq - 1) }, '')
end
if raised then
  redis.call('HSET', KEYS[2], 'dormant_count', ARGV[3])
end
if ARGV[4] == '1' then
  redis.call('HSET', KEYS[2], 'seq', seq, 'full_seq', seq)
  make_dirty(KEYS[3], KEYS[4], ARGV[2])
  tell(KEYS[5], 'dormant', ARGV[2], seq)
end
return { 'ok' }
