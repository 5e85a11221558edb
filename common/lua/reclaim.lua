#!lua flags=allow-oom
-- Remove some hundred keys of a retired epoch, or of a dead reservation; for
-- another life of the database that id may be alive.
-- KEYS active meta key …
-- ARGV symbol id incarnation
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'hash' })
if wrong then return { 'badtype', wrong } end
local meta = redis.call('HMGET', KEYS[2], 'incarnation', 'created_ts')
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] or
   (meta[1] or '') ~= ARGV[3] or
   (meta[1] or meta[2]) and not is_marked(KEYS[2], 'retired') then
  return { 'kept' }
end
return { 'ok', tostring(redis.call('UNLINK', unpack(KEYS, 3))) }
