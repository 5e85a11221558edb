#!lua
-- All rows are merged: the rest of meta, and one more change for the models,
-- which value at spot.
-- KEYS active meta fence dirty clean events
-- ARGV symbol id begin_ts end_ts field value …
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'string', KEYS[4], 'set',
  KEYS[5], 'set' })
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'superseded', active } end
if redis.call('EXISTS', KEYS[3]) == 1 then return { 'fenced' } end
local times = redis.call('HMGET', KEYS[2], 'begin_ts', 'snapshot_ts')
if times[1] ~= ARGV[3] or times[2] ~= ARGV[4] then return { 'superseded' } end
local seq = redis.call('HINCRBY', KEYS[2], 'seq', 1)
for i = 5, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  else
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
make_dirty(KEYS[4], KEYS[5], ARGV[2])
tell(KEYS[6], 'refresh', ARGV[2], seq)
return { 'ok', seq }
