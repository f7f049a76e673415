import { Script } from '../redis/script.ts'

/**
 * Every script here is fenced: it does nothing for a reader that has lost its lease. Checked by the reader itself, the lease could end
 * between the check and what it allows; and entries that a former reader still gets would be overtaken by those of the new one.
 */
export const LEASE_LOST = 'LEASELOST'

const FENCE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('${LEASE_LOST} the lease is another reader\\'s') end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`

/**
 * Keys: lease. Arguments: who, milliseconds, and who that was in the term before. Answers who has it: whoever asks, if it was free or theirs.
 */
export const TAKE_LEASE = new Script(`
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] and owner ~= ARGV[3] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`)

/**
 * Never takes a free one: whoever had it in between may have been given entries, which have to be finished first. Keys: lease. Arguments: who,
 * milliseconds. Answers who has it, or nothing.
 */
export const RENEW_LEASE = new Script(`
local owner = redis.call('GET', KEYS[1])
if owner == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return owner or ''
`)

/** Keys: lease. Arguments: who. */
export const GIVE_UP_LEASE = new Script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)

/** XINFO's replies are lists of names and values. */
const INFO = `
local function fields(list)
  local found = {}
  for i = 1, #list, 2 do found[list[i]] = list[i + 1] end
  return found
end
local function groupState()
  for _, list in ipairs(redis.call('XINFO', 'GROUPS', KEYS[2])) do
    local group = fields(list)
    if group.name == ARGV[3] then return group end
  end
end
local function before(a, b)
  local ams, aseq = string.match(a, '(%d+)-(%d+)')
  local bms, bseq = string.match(b, '(%d+)-(%d+)')
  ams, aseq, bms, bseq = tonumber(ams), tonumber(aseq), tonumber(bms), tonumber(bseq)
  return ams < bms or (ams == bms and aseq < bseq)
end
`

/**
 * Makes the group, at the beginning of the stream, unless it is there.
 *
 * Keys: lease, stream, state of the group. Arguments: who, milliseconds, group.
 */
export const MAKE_GROUP = new Script(`${FENCE}${INFO}
local made = redis.pcall('XGROUP', 'CREATE', KEYS[2], ARGV[3], '0', 'MKSTREAM')
if made.err then
  if string.find(made.err, 'BUSYGROUP', 1, true) then return 0 end
  return made
end
-- A stream that has had more than it has now was deleted: what was not read of it is lost.
local stream = fields(redis.call('XINFO', 'STREAM', KEYS[2]))
local state = fields(redis.call('HGETALL', KEYS[3]))
redis.call('DEL', KEYS[3])
local lost = tonumber(state.unreported or 0)
if state.added and state.read and stream['entries-added'] and stream['entries-added'] < tonumber(state.added) then
  lost = lost + tonumber(state.added) - tonumber(state.read)
end
if lost > 0 then redis.call('HSET', KEYS[3], 'unreported', lost) end
return 1
`)

/**
 * Reads on, for the group. Before that, it counts what was removed unread: of all that was ever added to the stream, what the group has
 * read and what is still there. (Redis 7 tells how much was added; of an older one the count is always 0.) It can be counted once
 * the stream begins after what the group has read: then all that is there is unread.
 *
 * Keys: lease, stream, state of the group. Arguments: who, milliseconds, group, consumer, how many.
 *
 * Answers how many were removed unread and not reported yet, after which entry, before which entry; the last entry that was delivered;
 * and the entries.
 */
export const READ = new Script(`${FENCE}${INFO}
local stream, group = fields(redis.call('XINFO', 'STREAM', KEYS[2])), groupState()
if not group then return redis.error_reply('NOGROUP there is no group ' .. ARGV[3]) end
local added, length, first = stream['entries-added'], stream.length, stream['first-entry']
local last = group['last-delivered-id']
local removed = 0
if added then
  local read = tonumber(redis.call('HGET', KEYS[3], 'read'))
  if length == 0 or before(last, first[1]) then
    -- Before the first look it is unknown what was removed before there was a bridge.
    removed = read and math.max(0, added - read - length) or 0
    redis.call('HSET', KEYS[3], 'read', string.format('%.0f', added - length))
  elseif not read and type(group.lag) == 'number' then
    redis.call('HSET', KEYS[3], 'read', string.format('%.0f', added - group.lag))
  end
end
local reply = redis.call('XREADGROUP', 'GROUP', ARGV[3], ARGV[4], 'COUNT', ARGV[5], 'STREAMS', KEYS[2], '>')
local entries = reply and reply[1] and reply[1][2] or {}
if added then
  redis.call('HSET', KEYS[3], 'added', string.format('%.0f', added))
  -- Only on from where it is known how much was read.
  if #entries > 0 and redis.call('HGET', KEYS[3], 'read') then redis.call('HINCRBY', KEYS[3], 'read', #entries) end
end
local unreported = math.max(0, tonumber(redis.call('HGET', KEYS[3], 'unreported') or 0)) + removed
redis.call('HSET', KEYS[3], 'unreported', unreported)
return { unreported, last, first and first[1] or '', #entries > 0 and entries[#entries][1] or last, entries }
`)

/**
 * Takes over what any consumer was given and has not acknowledged, oldest first. What of it is no longer there is lost, and reported with
 * the next read.
 *
 * Keys: lease, stream, state of the group. Arguments: who, milliseconds, group, consumer, from which entry on, how many.
 *
 * Answers where to go on, and the entries.
 */
export const TAKE_OVER = new Script(`${FENCE}
local reply = redis.call('XAUTOCLAIM', KEYS[2], ARGV[3], ARGV[4], '0', ARGV[5], 'COUNT', ARGV[6])
-- Redis 6.2 does not tell which those are.
if reply[3] and #reply[3] > 0 then redis.call('HINCRBY', KEYS[3], 'unreported', #reply[3]) end
return { reply[1], reply[2] }
`)

/**
 * So many lost entries are in the log now.
 *
 * Keys: lease, state of the group. Arguments: who, milliseconds, how many.
 */
export const REPORTED = new Script(`${FENCE}
local left = tonumber(redis.call('HGET', KEYS[2], 'unreported') or 0) - tonumber(ARGV[3])
redis.call('HSET', KEYS[2], 'unreported', math.max(0, left))
return 0
`)
