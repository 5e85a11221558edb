#!lua flags=allow-oom
-- The symbol may have other boards again.
-- KEYS active meta config journal
-- ARGV symbol id
local wrong = wrong_type({ KEYS[1], 'hash', KEYS[2], 'hash' }) or journal_wrong()
if wrong then return { 'badtype', wrong } end
local active = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if active ~= ARGV[2] then return { 'conflict', active } end
if not is_marked(KEYS[2], 'pinned') then return { 'free' } end
journal(journal_max(), 'unpin', ARGV[2], {}, '')
redis.call('HDEL', KEYS[2], 'pinned')
return { 'ok' }
