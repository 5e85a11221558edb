#!lua
-- Merge up to some hundred rows of a snapshot into the active epoch, group
-- by group, newer wins.  Never creates a contract.
-- KEYS active meta fence dirty clean changed contract … config journal
-- ARGV symbol id begin_ts end_ts, then for each contract its id and
--      multiplier bid ask bid_size ask_size quote_ts last last_size trade_ts
--      iv delta gamma theta vega oi volume volume_ts       ('' = absent)
local ROW = 18
-- Globals are slow to reach, and the loops below reach them a million times.
local ARGV, KEYS, call = ARGV, KEYS, redis.call
local concat, unpack, tonumber = table.concat, unpack, tonumber
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'string', KEYS[4], 'set',
  KEYS[5], 'set', KEYS[6], 'zset' }) or journal_wrong()
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'superseded', active } end
if redis.call('EXISTS', KEYS[3]) == 1 then return { 'fenced' } end
local times = redis.call('HMGET', KEYS[2], 'begin_ts', 'snapshot_ts', 'seq')
if times[1] ~= ARGV[3] or times[2] ~= ARGV[4] then return { 'superseded' } end

-- Names as HMGET is asked for them, and where each group stands in that
-- answer and in a row of ARGV (values first to last, time, tick sequence).
local NAMES = { 'expiration', 'multiplier', 'bid', 'ask', 'bid_size',
  'ask_size', 'quote_ts', 'quote_seq', 'last', 'last_size', 'trade_ts',
  'trade_seq', 'iv', 'delta', 'gamma', 'theta', 'vega', 'oi', 'volume',
  'volume_ts', 'volume_seq' }
local QUOTE = { first = 3, last = 6, ts = 7, seq = 8, arg = 2, arg_ts = 6 }
local TRADE = { first = 9, last = 10, ts = 11, seq = 12, arg = 7, arg_ts = 9 }
local VOLUME = { first = 19, last = 19, ts = 20, seq = 21, arg = 16,
  arg_ts = 17 }
local CHAIN_FIRST, CHAIN_LAST, CHAIN_ARG = 13, 18, 10

-- Most rows of a newer snapshot bring a newer quote and volume, all values,
-- and the trade that is stored: what is stored of them matters no more, and
-- seven fields tell so.  For these rows `have` is false.
local FEW = { 'expiration', 'quote_ts', 'quote_seq', 'trade_ts', 'last',
  'volume_ts', 'volume_seq' } -- the times at 2, 4 and 6
local function replaces(base, few)
  if not few[2] or few[3] or not few[6] or few[7] then return false end
  for i = 2, 17 do
    if ARGV[base + i] == '' and (i < 7 or i > 9) then return false end
  end
  return tonumber(ARGV[base + 6]) > tonumber(few[2])
      and tonumber(ARGV[base + 17]) > tonumber(few[6])
      and (ARGV[base + 7] == '' and ARGV[base + 8] == ''
        or ARGV[base + 7] == few[5] and ARGV[base + 8] == ''
          and ARGV[base + 9] == few[4])
end

local rows = {}
for k = 7, #KEYS - 2 do
  local found = redis.pcall('HMGET', KEYS[k], unpack(FEW))
  if found.err then return { 'badtype', KEYS[k] } end
  if not found[1] then return { 'damaged', KEYS[k] } end
  for i = 2, 6, 2 do -- the times: compared below, after the first write
    if found[i] and not tonumber(found[i]) then
      return { 'damaged', KEYS[k] }
    end
  end
  rows[k - 6] = not replaces(5 + (k - 7) * ROW, found)
    and call('HMGET', KEYS[k], unpack(NAMES))
end

local set, del

local function put(i, value, have)
  if value == '' then
    if have then del[#del + 1] = NAMES[i] end
  elseif value ~= have then
    set[#set + 1] = NAMES[i]
    set[#set + 1] = value
  end
end

local function values_of_row(group, base)
  local v = {}
  for i = group.first, group.last do
    v[#v + 1] = ARGV[base + group.arg + i - group.first]
  end
  return concat(v, '\t')
end

local function values_stored(group, have)
  local v = {}
  for i = group.first, group.last do v[#v + 1] = have[i] or '' end
  return concat(v, '\t')
end

-- Does the row's group beat what is stored?  A group without a value is no
-- candidate.  Then time, then a snapshot before a tick, then the bytes of the
-- values.
local function beats(group, base, have)
  local any, stored = false, false
  for i = group.first, group.last do
    any = any or ARGV[base + group.arg + i - group.first] ~= ''
    stored = stored or have[i]
  end
  if not any then return false end
  local new_ts, old_ts = ARGV[base + group.arg_ts], have[group.ts]
  if not stored or not old_ts then return true end
  if new_ts ~= old_ts then return tonumber(new_ts) > tonumber(old_ts) end
  if have[group.seq] then return false end
  return bytes_less(values_stored(group, have), values_of_row(group, base))
end

local function merge(group, base, have)
  if not beats(group, base, have) then return end
  for i = group.first, group.last do
    put(i, ARGV[base + group.arg + i - group.first], have[i])
  end
  put(group.ts, ARGV[base + group.arg_ts], have[group.ts])
  put(group.seq, '', have[group.seq])
end

-- One row onto what is stored; does anything differ?
local function merge_row(key, base, have)
  set, del = {}, {}
  if ARGV[base + 1] ~= '' then put(2, ARGV[base + 1], have[2]) end
  merge(QUOTE, base, have)
  merge(TRADE, base, have)
  merge(VOLUME, base, have)
  for i = CHAIN_FIRST, CHAIN_LAST do
    put(i, ARGV[base + CHAIN_ARG + i - CHAIN_FIRST], have[i])
  end
  if #set > 0 then call('HSET', key, unpack(set)) end
  if #del > 0 then call('HDEL', key, unpack(del)) end
  return #set > 0 or #del > 0
end

local function replace_row(key, a)
  if ARGV[a + 1] ~= '' then
    call('HSET', key, 'multiplier', ARGV[a + 1])
  end
  call('HSET', key, 'bid', ARGV[a + 2], 'ask', ARGV[a + 3],
    'bid_size', ARGV[a + 4], 'ask_size', ARGV[a + 5], 'quote_ts', ARGV[a + 6],
    'iv', ARGV[a + 10], 'delta', ARGV[a + 11], 'gamma', ARGV[a + 12],
    'theta', ARGV[a + 13], 'vega', ARGV[a + 14], 'oi', ARGV[a + 15],
    'volume', ARGV[a + 16], 'volume_ts', ARGV[a + 17])
  return true
end

-- As text: a number is printed anew wherever a command gets it.
local seq = tostring(tonumber(times[3] or '0') + 1)
local max = journal_max()
if max then
  local lines = {}
  for r = 1, #rows do
    local base = 5 + (r - 1) * ROW
    lines[r] = concat(ARGV, ',', base, base + ROW - 1)
  end
  journal(max, 'refresh_rows', ARGV[2],
    { ARGV[3], ARGV[4], seq }, concat(lines, ';'))
end
local changed = {}
for r = 1, #rows do
  local base, key = 5 + (r - 1) * ROW, KEYS[6 + r]
  if rows[r] and merge_row(key, base, rows[r])
      or not rows[r] and replace_row(key, base) then
    changed[#changed + 1] = seq
    changed[#changed + 1] = ARGV[base]
  end
end
redis.call('HSET', KEYS[2], 'seq', seq)
if #changed > 0 then redis.call('ZADD', KEYS[6], unpack(changed)) end
make_dirty(KEYS[4], KEYS[5], ARGV[2])
return { 'ok', #changed / 2 }
