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
