#!lua flags=allow-oom
-- Keep an epoch from being retired, or no longer.
-- KEYS active meta
-- ARGV keep(1|0)
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'hash' })
if wrong then return { 'badtype', wrong } end
if redis.call('HEXISTS', KEYS[2], 'created_ts') == 0 then return { 'gone' } end
if is_marked(KEYS[2], 'retired') then return { 'retired' } end
if ARGV[1] == '1' then
  redis.call('HSET', KEYS[2], 'keep', '1')
else
  redis.call('HDEL', KEYS[2], 'keep')
end
return { 'ok' }
