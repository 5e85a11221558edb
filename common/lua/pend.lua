#!lua
-- Remember a suspicious board that waits for confirmation.
-- KEYS active pending
-- ARGV symbol expected hash first_ts seen last_ts
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'hash' })
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'conflict', active } end
redis.call('HSET', KEYS[2], 'hash', ARGV[3], 'first_ts', ARGV[4], 'seen',
  ARGV[5], 'last_ts', ARGV[6])
return { 'ok' }
