#!lua
-- Take, renew or drop the fence of the epoch that is being left: while it
-- stands, its values are not changed.
-- KEYS active fence(old)
-- ARGV symbol old token lease_ms take|renew|drop earlier_token
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'string' })
if wrong then return { 'badtype', wrong } end
local holder = redis.call('GET', KEYS[2])
if ARGV[5] == 'drop' then
  if holder == ARGV[3] then redis.call('DEL', KEYS[2]) end
  return { 'ok' }
end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'conflict', active } end
if ARGV[5] == 'renew' and holder ~= ARGV[3] then return { 'lapsed' } end
-- A promoter that lost its connection need not wait for itself.
if holder and holder ~= ARGV[3] and holder ~= ARGV[6] then
  return { 'fenced' }
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return { 'ok' }
