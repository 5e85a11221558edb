#!lua flags=allow-oom
-- Give a reservation up: from here on a commit of it, also one that is still
-- on its way, answers "gone".  Only the owner's, and only while uncommitted:
-- after a lost answer the commit may have been done.  One that was condemned
-- meanwhile is nobody's any more, and its contracts are the owner's to remove:
-- perhaps all looks at it are over.
-- KEYS active meta(new)
-- ARGV symbol id nonce
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'hash' })
if wrong then return { 'badtype', wrong } end
local own = redis.call('HMGET', KEYS[2], 'incarnation', 'created_ts')
if own[1] and own[1] ~= ARGV[3] or own[2] or
   redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return { 'kept' }
end
redis.call('DEL', KEYS[2])
return { 'ok' }
