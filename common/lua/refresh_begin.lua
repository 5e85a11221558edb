#!lua
-- Same board, newer snapshot: claim the epoch's times for it.  The rows that
-- follow are merged only while these times stand.
-- KEYS active meta fence dirty clean changed pending config
--      journal
-- ARGV symbol id begin_ts end_ts
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'string', KEYS[4], 'set',
  KEYS[5], 'set', KEYS[6], 'zset', KEYS[7], 'hash' }) or
  journal_wrong()
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'superseded', active } end
if redis.call('EXISTS', KEYS[3]) == 1 then return { 'fenced' } end
local meta = redis.call('HMGET', KEYS[2], 'begin_ts', 'snapshot_ts',
  'created_ts')
if not meta[3] then return { 'damaged' } end
if (meta[1] and tonumber(ARGV[3]) < tonumber(meta[1])) or
   (meta[2] and tonumber(ARGV[4]) < tonumber(meta[2])) then
  return { 'stale' }
end
journal(journal_max(), 'refresh_begin', ARGV[2], { ARGV[3], ARGV[4] }, '')
redis.call('HSET', KEYS[2], 'begin_ts', ARGV[3], 'snapshot_ts', ARGV[4])
-- The snapshot of before once more is no new sight of a full board.
if not meta[2] or tonumber(ARGV[4]) > tonumber(meta[2]) then
  redis.call('DEL', KEYS[7])
end
return { 'ok' }
