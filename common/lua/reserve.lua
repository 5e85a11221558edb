#!lua
-- Reserve an epoch id for one promoter, before any contract is written.
-- The types of all keys that the promotion will need are checked here, so
-- that a foreign key is found before anything is written.  Answers ok and
-- whether the journal is on.
-- KEYS active last staging timeline dirty clean meta(new) geometry(new)
--      pending had_ws(new) meta(old) fence(old) changed(old)
--                                              (no old: the new ones)
--      config journal
-- ARGV symbol expected id seconds nonce geometry now_ms
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'zset', KEYS[4], 'list',
  KEYS[5], 'set', KEYS[6], 'set', KEYS[7], 'hash', KEYS[8], 'string',
  KEYS[9], 'hash', KEYS[10], 'string', KEYS[11], 'hash', KEYS[12], 'string',
  KEYS[13], 'zset' }) or journal_wrong()
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'conflict', active } end
local last = redis.call('HGET', KEYS[2], ARGV[1])
if last and tonumber(last) >= tonumber(ARGV[4]) then
  return { 'taken', last }
end
if redis.call('EXISTS', KEYS[7], KEYS[8]) > 0 then
  return { 'taken', ARGV[4] }
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[7], ARGV[3])
redis.call('SET', KEYS[8], ARGV[6])
redis.call('HSET', KEYS[7], 'incarnation', ARGV[5])
return { 'ok', journal_max() and '1' or '0' }
