#!lua
-- Make a staged epoch the active one.  Repeatable: once done it answers
-- "already", whatever is active by then.
-- A rollback goes where others may not: back, and to another board than the
-- one that is pinned.
-- KEYS active timeline dirty clean staging pending meta(new) geometry(new)
--      had_ws(new) meta(old) fence(old) events      (no old: the new ones)
--      config journal
-- ARGV symbol id expected nonce token begin_ts end_ts had_ws
--      silence|forced|rollback|'' same_board chunks
--      field value …
-- chunks: acts of the journal that hold the contracts
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'list', KEYS[3], 'set', KEYS[4], 'set',
  KEYS[5], 'zset', KEYS[6], 'hash', KEYS[7], 'hash', KEYS[8], 'string',
  KEYS[9], 'string', KEYS[10], 'hash', KEYS[11], 'string' }) or
  journal_wrong()
if wrong then return { 'badtype', wrong } end
local symbol, id, expected = ARGV[1], ARGV[2], ARGV[3]
local own = redis.call('HMGET', KEYS[7], 'incarnation', 'created_ts')
if own[1] ~= ARGV[4] or redis.call('EXISTS', KEYS[8]) == 0 then
  return { 'gone' }
end
if own[2] then return { 'already' } end
local active = redis.call('HGET', KEYS[1], symbol) or ''
if active ~= expected then return { 'conflict', active } end

local meta = {}
local dormant, pinned, old_there = '0', nil, false
for i = 12, #ARGV, 2 do
  if ARGV[i] == 'dormant_count' then -- a replay's first epoch brings them
    dormant = ARGV[i + 1]
  elseif ARGV[i] == 'pinned' then
    pinned = ARGV[i + 1]
  else
    meta[#meta + 1] = ARGV[i]
    meta[#meta + 1] = ARGV[i + 1]
  end
end
local max = journal_max()
-- Switched on since the contracts were staged: once more, with them.
if max and ARGV[11] == '0' then return { 'unjournalled' } end
local back = ARGV[9] == 'rollback'
if expected ~= '' then
  if redis.call('GET', KEYS[11]) ~= ARGV[5] then return { 'lapsed' } end
  local old = redis.call('HMGET', KEYS[10], 'begin_ts', 'snapshot_ts',
    'dormant_count', 'ticks', 'pinned')
  if not back and
     ((old[1] and tonumber(ARGV[6]) < tonumber(old[1])) or
      (old[2] and tonumber(ARGV[7]) < tonumber(old[2]))) then
    return { 'stale' }
  end
  local silent = tonumber(old[3] or '0')
  if ARGV[9] == 'silence' then
    if silent == 0 and tonumber(old[4] or '0') > 0 then return { 'tick' } end
  end
  if ARGV[9] ~= '' and not back then dormant = old[3] or '0' end
  if old[5] and old[5] ~= '' and old[5] ~= '0' and not back then
    if ARGV[10] ~= '1' then return { 'pinned' } end
    pinned = old[5]
  end
  old_there = redis.call('EXISTS', KEYS[10]) == 1
end
meta[#meta + 1] = 'dormant_count'
meta[#meta + 1] = dormant
if pinned then
  meta[#meta + 1] = 'pinned'
  meta[#meta + 1] = pinned
end

if max then
  local args = { expected, ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10],
    ARGV[11] }
  for i = 1, #meta do args[#args + 1] = meta[i] end
  journal(max, 'commit', id, args, '')
end
redis.call('HSET', KEYS[7], unpack(meta))
redis.call('SET', KEYS[9], ARGV[8])
redis.call('LPUSH', KEYS[2], id)
make_dirty(KEYS[3], KEYS[4], id)
if expected ~= '' then
  redis.call('SREM', KEYS[3], expected)
  redis.call('SADD', KEYS[4], expected)
  if old_there then
    redis.call('HSET', KEYS[10], 'superseded_ts', ARGV[7],
      'superseded_by', id)
  end
  redis.call('DEL', KEYS[11])
end
redis.call('ZREM', KEYS[5], id)
redis.call('DEL', KEYS[6])
redis.call('HSET', KEYS[1], symbol, id)
tell(KEYS[12], 'promote', id, '1')
return { 'ok' }
