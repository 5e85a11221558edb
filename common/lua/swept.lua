#!lua flags=allow-oom
-- The second look at a condemned reservation is over: nothing of it is left.
-- KEYS active meta staging geometry
-- ARGV symbol id
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'zset' })
if wrong then return { 'badtype', wrong } end
local meta = redis.call('HMGET', KEYS[2], 'incarnation', 'created_ts')
if meta[1] or meta[2] or redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return { 'kept' }
end
redis.call('UNLINK', KEYS[2], KEYS[4])
redis.call('ZREM', KEYS[3], ARGV[2])
return { 'ok' }
