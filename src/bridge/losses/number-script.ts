import { Script } from '../redis/script.ts'

/**
 * Remembers which numbers of each producer were brought to the target, by whichever bridge, as ranges `{from, to, since}`; each but the
 * first begins after a hole, noticed at `since`. A hole that is older than the grace is a loss: it is told, to whichever bridge asks
 * first, and closed.
 *
 * A run may be empty (`to` is `from - 1`): it says that the producer had come so far, whether or not any of it was seen.
 *
 * Keys: the hash of ranges; the hash of producers with open holes. Arguments: now and the grace, in milliseconds; when this bridge began;
 * then for each run producer, from, to, and when the producer was born. What one had sent before the first bridge began is unknown, and
 * no loss.
 *
 * Answers how many holes are open, and a list of losses: producer, from, to, since.
 */
export const NUMBERS = new Script(`
local numbers, open = KEYS[1], KEYS[2]
local now, grace = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('HSETNX', numbers, 'since', ARGV[3])
local since = tonumber(redis.call('HGET', numbers, 'since'))
local losses, holes = {}, 0

local function load(producer)
  local kept = redis.call('HGET', numbers, 'of ' .. producer)
  return kept and cjson.decode(kept).ranges
end

local function merge(ranges)
  table.sort(ranges, function(a, b) return a[1] < b[1] end)
  local merged = { ranges[1] }
  for i = 2, #ranges do
    local last, range = merged[#merged], ranges[i]
    if range[1] > last[2] + 1 then
      merged[#merged + 1] = range
    else
      last[2] = math.max(last[2], range[2])
      last[3] = math.min(last[3], range[3])
    end
  end
  return merged
end

local function close(producer, ranges)
  local rest = { ranges[1] }
  for i = 2, #ranges do
    local last, range = rest[#rest], ranges[i]
    if now - range[3] < grace then
      rest[#rest + 1] = range
    else
      local loss = { producer }
      for _, number in ipairs({ last[2] + 1, range[1] - 1, range[3] }) do
        loss[#loss + 1] = string.format('%.0f', number)
      end
      losses[#losses + 1] = loss
      last[2] = range[2]
    end
  end
  return rest
end

local all = {}
for _, producer in ipairs(redis.call('HKEYS', open)) do all[producer] = load(producer) end
for i = 4, #ARGV, 4 do
  local producer, from, to, born = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local ranges = all[producer] or load(producer) or { born >= since and { 0, 0, now } or { from, from - 1, now } }
  ranges[#ranges + 1] = { from, to, now }
  all[producer] = merge(ranges)
end
for producer, ranges in pairs(all) do
  local rest = close(producer, ranges)
  holes = holes + #rest - 1
  if #rest > 1 then redis.call('HSET', open, producer, 1) else redis.call('HDEL', open, producer) end
  redis.call('HSET', numbers, 'of ' .. producer, cjson.encode({ ranges = rest, at = now }))
end
return { holes, losses }
`)
