#!lua flags=allow-oom
-- Keep the digest of a superseded epoch's values: they are final.
-- KEYS active meta
-- ARGV symbol id incarnation seal
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'hash' })
if wrong then return { 'badtype', wrong } end
local meta = redis.call('HMGET', KEYS[2], 'incarnation', 'created_ts',
  'superseded_by', 'seal')
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] or
   (meta[1] or '') ~= ARGV[3] or not meta[2] or not meta[3] or meta[4] or
   is_marked(KEYS[2], 'retired') then
  return { 'kept' }
end
redis.call('HSET', KEYS[2], 'seal', ARGV[4])
return { 'ok' }
