#!lua flags=allow-oom
-- An old reservation that was never committed: from here on its commit
-- answers "gone".  The entry gets the time of now: what its promoter had on
-- the way may still arrive, so it is looked at once more later.
-- KEYS active meta staging
-- ARGV symbol id limit_ms now_ms
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'zset' })
if wrong then return { 'badtype', wrong } end
local since = redis.call('ZSCORE', KEYS[3], ARGV[2])
local meta = redis.call('HMGET', KEYS[2], 'incarnation', 'created_ts')
if not since or tonumber(since) > tonumber(ARGV[3]) or meta[2] or
   redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return { 'kept' }
end
if not meta[1] then return { 'again' } end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'retired', ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[2])
return { 'ok' }
