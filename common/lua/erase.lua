#!lua flags=allow-oom
-- Forget that the oldest epoch of a symbol ever was: its meta, and its place
-- at the end of the timeline, once all else of it was removed.
-- KEYS active meta timeline geometry
-- ARGV symbol id incarnation
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'list' })
if wrong then return { 'badtype', wrong } end
if redis.call('LINDEX', KEYS[3], -1) ~= ARGV[2] or
   redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] or
   not is_marked(KEYS[2], 'retired') or is_marked(KEYS[2], 'keep') or
   (redis.call('HGET', KEYS[2], 'incarnation') or '') ~= ARGV[3] or
   redis.call('EXISTS', KEYS[4]) == 1 then
  return { 'kept' }
end
redis.call('RPOP', KEYS[3])
redis.call('UNLINK', KEYS[2])
return { 'ok' }
