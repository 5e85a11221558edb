#!lua
-- All rows are merged: the rest of meta, and one more change for the models,
-- which value at spot.
-- KEYS active meta fence dirty clean events config journal
-- ARGV symbol id begin_ts end_ts field value …
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'string', KEYS[4], 'set',
  KEYS[5], 'set' }) or journal_wrong()
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'superseded', active } end
if redis.call('EXISTS', KEYS[3]) == 1 then return { 'fenced' } end
local times = redis.call('HMGET', KEYS[2], 'begin_ts', 'snapshot_ts', 'seq')
if times[1] ~= ARGV[3] or times[2] ~= ARGV[4] then return { 'superseded' } end
local seq = (tonumber(times[3] or '0') or 0) + 1
local max = journal_max()
if max then
  local args = { ARGV[3], ARGV[4], tostring(seq) }
  for i = 5, #ARGV do args[#args + 1] = ARGV[i] end
  journal(max, 'refresh_end', ARGV[2], args, '')
end
redis.call('HSET', KEYS[2], 'seq', seq)
for i = 5, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  else
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
make_dirty(KEYS[4], KEYS[5], ARGV[2])
tell(KEYS[6], 'refresh', ARGV[2], seq)
return { 'ok', tostring(seq) }
