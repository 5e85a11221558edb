#!lua flags=allow-oom
-- Forget the acts before one that is safe elsewhere, if it is still that act: a
-- Redis that lost everything may count other acts by the same numbers.
-- KEYS active journal
-- ARGV act (0-N) ts
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'stream' })
if wrong then return { 'badtype', wrong } end
local found = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])
if not found[1] or found[1][2][2] ~= ARGV[2] then return { 'other' } end
return { 'ok', tostring(redis.call('XTRIM', KEYS[2], 'MINID', ARGV[1])) }
