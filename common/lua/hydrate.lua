#!lua
-- Put up to some hundred ticks into the active epoch, group by group, newer
-- wins.  Never creates a contract.
-- KEYS active meta fence dirty clean changed had_ws events contract …
--      config journal
-- ARGV symbol id head (bytes of a contract's key before its id) then, and for
--      each contract its tick:  q time sequence bid ask bid_size ask_size,
--      t time sequence last last_size  or  v time sequence volume
--                                       (sequence 0: none; value '' = absent)
-- At most one tick of a contract and group.
-- then: what the seq must be afterwards, with every tick applied; else nothing
-- is, and the answer begins with differs.  '' = as it comes.
-- Answers ok, seq, one letter a tick (a applied, l late, d duplicate, u no
-- such contract), last_tick_ts.
-- Globals are slow to reach, and the loops below reach them a million times.
local ARGV, KEYS, call, pcall = ARGV, KEYS, redis.call, redis.pcall
local tonumber = tonumber
local FIRST, LAST = 9, #KEYS - 2 -- keys of the ticks
local TICKS = 5 -- where they begin
local wrong = wrong_type({
  KEYS[1], 'hash', KEYS[2], 'hash', KEYS[3], 'string', KEYS[4], 'set',
  KEYS[5], 'set', KEYS[6], 'zset', KEYS[7], 'string' }) or
  journal_wrong()
if wrong then return { 'badtype', wrong } end
local active = call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'superseded', active } end
if call('EXISTS', KEYS[3]) == 1 then return { 'fenced' } end
local meta = call('HMGET', KEYS[2], 'created_ts', 'seq', 'ticks',
  'last_tick_ts', 'dormant_count')
if not meta[1] then return { 'damaged', KEYS[2] } end

local GROUPS = {
  q = { names = { 'bid', 'ask', 'bid_size', 'ask_size' },
    ts = 'quote_ts', seq = 'quote_seq', row = 7 },
  t = { names = { 'last', 'last_size' },
    ts = 'trade_ts', seq = 'trade_seq', row = 5 },
  v = { names = { 'volume' },
    ts = 'volume_ts', seq = 'volume_seq', row = 4 },
}

-- a < b of integers without sign or leading zeros, of any length.
local function integer_less(a, b)
  if #a ~= #b then return #a < #b end
  return bytes_less(a, b)
end

-- Time and sequence are equal: the bytes of the values decide.
local function judge_values(key, group, at)
  local have = call('HMGET', key, unpack(group.names))
  local new = {}
  for i = 1, #group.names do
    have[i] = have[i] or ''
    new[i] = ARGV[at + 2 + i]
  end
  local old_bytes = table.concat(have, '\t')
  local new_bytes = table.concat(new, '\t')
  if old_bytes == new_bytes then return 'd' end
  return bytes_less(old_bytes, new_bytes) and 'a' or 'l'
end

local fates, applied, last = {}, 0, meta[4]
local last_number = tonumber(last or '0')
local at = TICKS
for k = FIRST, LAST do
  local group = GROUPS[ARGV[at]]
  local have = pcall('HMGET', KEYS[k], 'expiration', group.ts, group.seq)
  if have.err then return { 'badtype', KEYS[k] } end
  local ts, old, fate = ARGV[at + 1], have[2], 'a'
  if not have[1] then
    fate = 'u'
  elseif old and ts ~= old then
    local number = tonumber(old)
    if not number then return { 'damaged', KEYS[k] } end
    if tonumber(ts) < number then fate = 'l' end
  elseif old and have[3] then -- a snapshot of that time has no sequence
    if ARGV[at + 2] == have[3] then
      fate = judge_values(KEYS[k], group, at)
    elseif integer_less(ARGV[at + 2], have[3]) then
      fate = 'l'
    end
  end
  fates[k - FIRST + 1] = fate
  if fate == 'a' then
    applied = applied + 1
    local number = tonumber(ts)
    if number > last_number then last, last_number = ts, number end
  end
  at = at + group.row
end
local verdicts = table.concat(fates)
-- As text: a number is printed anew wherever a command gets it.
local seq = tostring(tonumber(meta[2] or '0') + 1)
if ARGV[4] ~= '' and (ARGV[4] ~= seq or applied < #fates) then
  return { 'differs', meta[2] or '0', verdicts, last or '' }
end
if applied == 0 then return { 'ok', meta[2] or '0', verdicts, last or '' } end

-- A group is replaced whole: what the tick lacks is deleted.
local function replace(key, group, at)
  local set, del = {}, {}
  for i, name in ipairs(group.names) do
    local value = ARGV[at + 2 + i]
    if value == '' then
      del[#del + 1] = name
    else
      set[#set + 1] = name
      set[#set + 1] = value
    end
  end
  call('HSET', key, group.ts, ARGV[at + 1], group.seq, ARGV[at + 2],
    unpack(set))
  call('HDEL', key, unpack(del))
end

local head = tonumber(ARGV[3]) + 1
local sub = string.sub
local max = journal_max()
if max then
  local lines = {}
  at = TICKS
  for k = FIRST, LAST do
    local letter = ARGV[at]
    if fates[k - FIRST + 1] == 'a' then
      lines[#lines + 1] = letter .. ',' .. sub(KEYS[k], head) .. ',' ..
        table.concat(ARGV, ',', at + 1, at + GROUPS[letter].row - 1)
    end
    at = at + GROUPS[letter].row
  end
  journal(max, 'hydrate', ARGV[2], { seq },
    table.concat(lines, ';'))
end
local changed, n = {}, 0
at = TICKS
for k = FIRST, LAST do
  local letter = ARGV[at]
  if fates[k - FIRST + 1] == 'a' then
    local key = KEYS[k]
    if letter == 'q' and ARGV[at + 3] ~= '' and ARGV[at + 4] ~= ''
        and ARGV[at + 5] ~= '' and ARGV[at + 6] ~= '' then
      call('HSET', key, 'bid', ARGV[at + 3], 'ask', ARGV[at + 4],
        'bid_size', ARGV[at + 5], 'ask_size', ARGV[at + 6],
        'quote_ts', ARGV[at + 1], 'quote_seq', ARGV[at + 2])
    elseif letter == 't' and ARGV[at + 3] ~= '' and ARGV[at + 4] ~= '' then
      call('HSET', key, 'last', ARGV[at + 3], 'last_size', ARGV[at + 4],
        'trade_ts', ARGV[at + 1], 'trade_seq', ARGV[at + 2])
    elseif letter == 'v' then
      call('HSET', key, 'volume', ARGV[at + 3], 'volume_ts', ARGV[at + 1],
        'volume_seq', ARGV[at + 2])
    else
      replace(key, GROUPS[letter], at)
    end
    changed[n + 1] = seq
    changed[n + 2] = sub(key, head)
    n = n + 2
  end
  at = at + GROUPS[letter].row
end
call('ZADD', KEYS[6], unpack(changed))
call('HSET', KEYS[2], 'seq', seq, 'ticks', tonumber(meta[3] or '0') + applied,
  'last_tick_ts', last)
if meta[5] and meta[5] ~= '0' then
  call('HSET', KEYS[2], 'dormant_count', '0')
end
call('SET', KEYS[7], '1')
make_dirty(KEYS[4], KEYS[5], ARGV[2])
tell(KEYS[8], 'hydrate', ARGV[2], seq)
return { 'ok', seq, verdicts, last }
