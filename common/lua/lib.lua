-- Shared by every script: put behind its first line at build.
-- Every script checks all it needs, key types included, before its first
-- write: Redis does not undo a script that fails half way.

-- The first key of {key, type, key, type, …} that is there with another type.
local function wrong_type(pairs_of)
  for i = 1, #pairs_of, 2 do
    local t = redis.call('TYPE', pairs_of[i]).ok
    if t ~= 'none' and t ~= pairs_of[i + 1] then return pairs_of[i] end
  end
  return nil
end

-- Bytewise a < b.  Lua's own < follows the server's locale.
local function bytes_less(a, b)
  local n = math.min(#a, #b)
  for i = 1, n do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- The models see work: dirty again, and no longer clean.
local function make_dirty(dirty, clean, id)
  redis.call('SADD', dirty, id)
  redis.call('SREM', clean, id)
end

-- A wake-up hint.  A server that forbids PUBLISH loses only the hint.
local function tell(channel, act, id, seq)
  redis.pcall('PUBLISH', channel, act .. ' ' .. id .. ' ' .. seq)
end

-- Is the model registered for that symbol?
local function serves(models, name, symbol)
  return redis.call('SISMEMBER', models, name) == 1 or
    redis.call('SISMEMBER', models, name .. '@' .. symbol) == 1
end

-- Is the model registered, for whatever symbol?
local function is_registered(models, name)
  for _, member in ipairs(redis.call('SMEMBERS', models)) do
    if string.match(member, '^[^@]*') == name then return true end
  end
  return false
end

-- An epoch leaves dirty when every model that serves its symbol acknowledged
-- its present seq; with no such model it stays.
local function settle(models, symbol, meta, dirty, clean, id)
  local seq, any = redis.call('HGET', meta, 'seq'), false
  for _, member in ipairs(redis.call('SMEMBERS', models)) do
    local name, of = string.match(member, '^([^@]*)@?(.*)$')
    if of == '' or of == symbol then
      any = true
      if redis.call('HGET', meta, 'ack:' .. name) ~= seq then return false end
    end
  end
  if not any or not seq then return false end
  redis.call('SREM', dirty, id)
  redis.call('SADD', clean, id)
  return true
end

-- Are the active epochs those of ARGV from first on: symbol id symbol id …?
local function actives_are(active, first)
  for i = first, #ARGV, 2 do
    if redis.call('HGET', active, ARGV[i]) ~= ARGV[i + 1] then return false end
  end
  return redis.call('HLEN', active) * 2 == #ARGV - first + 1
end

-- Is that mark of meta set: there, and neither empty nor 0?
local function is_marked(meta, mark)
  local value = redis.call('HGET', meta, mark)
  return value and value ~= '' and value ~= '0'
end

-- The journal (docs/REDIS.md "Journal").  A script that changes what replay
-- restores has epoch:config and epoch:journal:{symbol} as its last two keys,
-- checks them by journal_wrong, and calls journal before its first write: an
-- act that cannot be journalled does not happen.
local JOURNAL_MAX = '10000' -- acts, where epoch:config has no journal_max

local function journal_wrong()
  return wrong_type({ KEYS[#KEYS - 1], 'hash', KEYS[#KEYS], 'stream' })
end

-- Is the journal on?  Then the most acts that it may hold, else nil.
local function journal_max()
  local c = redis.call('HMGET', KEYS[#KEYS - 1], 'journal', 'journal_max')
  if c[1] ~= '1' then return nil end
  if c[2] and string.find(c[2], '^[1-9]%d?%d?%d?%d?%d?%d?%d?%d?$') then
    return c[2]
  end
  return JOURNAL_MAX
end

-- The next act of the symbol.  max: what journal_max said; args: a list of
-- strings; rows: text, ''.  The stream's own counter numbers the acts, also
-- over a trim: 0-1, 0-2, …
local function journal(max, kind, id, args, rows)
  if not max then return end
  local t = redis.call('TIME')
  redis.call('XADD', KEYS[#KEYS], 'MAXLEN', '=', max, '0-*',
    'ts', t[1] .. string.sub(string.format('%06d', t[2]), 1, 3),
    'kind', kind, 'id', id,
    'args', #args > 0 and cjson.encode(args) or '[]', 'rows', rows)
end
