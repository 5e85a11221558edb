#!lua flags=allow-oom
-- Mark a superseded epoch as retired: from here on nobody may rely on its
-- contracts, and reclaim may remove them.  Never the active epoch, nor one
-- that somebody still computes on, or wants to keep.
-- KEYS active meta dirty clean config journal
-- ARGV symbol id incarnation now_ms
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'set', KEYS[4], 'set' }) or
  journal_wrong()
if wrong then return { 'badtype', wrong } end
local meta = redis.call('HMGET', KEYS[2], 'incarnation', 'created_ts',
  'superseded_by')
if (meta[1] or '') ~= ARGV[3] or not meta[2] then return { 'gone' } end
if is_marked(KEYS[2], 'retired') then return { 'ok' } end
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] or not meta[3] or
   redis.call('SISMEMBER', KEYS[3], ARGV[2]) == 1 or
   is_marked(KEYS[2], 'keep') then
  return { 'kept' }
end
journal(journal_max(), 'retire', ARGV[2], { ARGV[4] }, '')
redis.call('HSET', KEYS[2], 'retired', ARGV[4])
redis.call('SREM', KEYS[4], ARGV[2])
return { 'ok' }
