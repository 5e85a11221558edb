#!lua
-- Contracts that were staged under a reserved id, for the journal.  The commit
-- says how many such acts there are; of an id that is never committed they
-- mean nothing.
-- KEYS active config journal
-- ARGV symbol id rows
local wrong = wrong_type({ KEYS[1], 'hash' }) or journal_wrong()
if wrong then return { 'badtype', wrong } end
local max = journal_max()
if not max then return { 'off' } end
journal(max, 'rows', ARGV[2], {}, ARGV[3])
return { 'ok' }
