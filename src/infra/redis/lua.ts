/**
 * The log of one session is three keys with one hash tag:
 *   m   hash: epoch, seq, fence, run (run_id of the Redis that wrote it), batch, result, bytes (of the bodies in ev)
 *   ev  stream: entry `<seq>-0` with field b
 *   d   sorted set: ids of durable events by time, bounded
 * A deleted session leaves its hash for some seconds, with a new epoch and `gone`: readers find that the log is
 * not the one of before, and what late writers append is dropped.
 * An epoch begins when there is none, when Redis is another process than the one that wrote (it may have
 * lost its last writes), or when asked for. The stream begins anew with it.
 */
const BEGIN_EPOCH = `
local function beginEpoch(keyMeta, keyStream, epoch, run)
  redis.call('UNLINK', keyStream)
  redis.call('HSET', keyMeta, 'epoch', epoch, 'seq', 0, 'run', run)
  redis.call('HDEL', keyMeta, 'batch', 'result', 'bytes')
end
`;

/** The oldest events go, some at a time, until both limits hold; the last one stays. */
const TRIM = `
local function trim(keyStream, bytes, maxLength, maxBytes)
  local length = redis.call('XLEN', keyStream)
  if length <= maxLength + 64 and bytes <= maxBytes then return bytes end
  while length > 1 and (length > maxLength or bytes > maxBytes) do
    local dropped = 0
    for _, entry in ipairs(redis.call('XRANGE', keyStream, '-', '+', 'COUNT', 32)) do
      if length - dropped <= 1 or (length - dropped <= maxLength and bytes <= maxBytes) then break end
      bytes = math.max(0, bytes - #entry[2][2])
      dropped = dropped + 1
    end
    length = length - dropped
    redis.call('XTRIM', keyStream, 'MAXLEN', length)
  end
  return bytes
end
`;

const RAISE_FENCE = `
local function raiseFence(keyMeta, stored, given)
  if given == '' then return true end
  local fence = tonumber(given)
  local highest = tonumber(stored or '0')
  if fence < highest then return false end
  if fence > highest then redis.call('HSET', keyMeta, 'fence', given) end
  return true
end
`;

/**
 * KEYS m, ev, d; ARGV fence, new epoch, run, max length, stream TTL s, meta TTL s, channel, batch, max ids,
 * max bytes, then id and body of each event. Returns {epoch, seq…}, seq 0 for an id that was seen; {} for a stale fence.
 */
export const APPEND = `
${BEGIN_EPOCH}
${RAISE_FENCE}
${TRIM}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'run', 'fence', 'batch', 'result', 'gone', 'bytes')
if meta[7] then
  local dropped = { meta[1] }
  for i = 11, #ARGV, 2 do dropped[#dropped + 1] = 0 end
  return dropped
end
if not raiseFence(KEYS[1], meta[4], ARGV[1]) then return {} end
local epoch, seq, bytes = meta[1], tonumber(meta[2] or '0'), tonumber(meta[8] or '0')
local batch = ARGV[8]
if not epoch or meta[3] ~= ARGV[3] then
  epoch, seq, bytes = ARGV[2], 0, 0
  beginEpoch(KEYS[1], KEYS[2], epoch, ARGV[3])
elseif batch ~= '' and meta[5] then
  local writer, number = string.match(batch, '^(.*)%.(%d+)$')
  local lastWriter, lastNumber = string.match(meta[5], '^(.*)%.(%d+)$')
  if writer and writer == lastWriter and tonumber(number) <= tonumber(lastNumber) then
    local earlier = { epoch }
    for value in string.gmatch(meta[6], '%d+') do earlier[#earlier + 1] = tonumber(value) end
    return earlier
  end
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local reply, seqs, ids = { epoch }, {}, false
for i = 11, #ARGV, 2 do
  local id, body = ARGV[i], ARGV[i + 1]
  local new = true
  if id ~= '' then
    ids = true
    new = redis.call('ZADD', KEYS[3], 'NX', now, id) == 1
  end
  if new then
    seq = seq + 1
    local added = redis.pcall('XADD', KEYS[2], seq .. '-0', 'b', body)
    if type(added) == 'table' and added.err then
      if not string.find(added.err, 'equal or smaller', 1, true) then return added end
      epoch, seq, bytes, reply[1] = ARGV[2], 1, 0, ARGV[2]
      beginEpoch(KEYS[1], KEYS[2], epoch, ARGV[3])
      redis.call('XADD', KEYS[2], '1-0', 'b', body)
    end
    bytes = bytes + #body
    redis.call('PUBLISH', ARGV[7], epoch .. '|' .. seq .. '|' .. body)
  end
  seqs[#seqs + 1] = new and seq or 0
  reply[#reply + 1] = new and seq or 0
end
bytes = trim(KEYS[2], bytes, tonumber(ARGV[4]), tonumber(ARGV[10]))
if batch == '' then
  redis.call('HSET', KEYS[1], 'seq', seq, 'bytes', bytes)
else
  redis.call('HSET', KEYS[1], 'seq', seq, 'bytes', bytes, 'batch', batch, 'result', table.concat(seqs, ','))
end
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('EXPIRE', KEYS[2], ARGV[5])
if ids then
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1 - tonumber(ARGV[9]))
  redis.call('EXPIRE', KEYS[3], ARGV[6])
end
return reply
`;

/** KEYS m, ev; ARGV fence, new epoch, run, meta TTL s, channel, '1' for a new epoch, '1' for any fence. Returns {epoch, seq} or {} (stale). */
export const TAKE_OVER = `
${BEGIN_EPOCH}
${RAISE_FENCE}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'run', 'fence', 'gone')
if meta[5] then return { meta[1], 0 } end
if ARGV[7] == '1' then
  redis.call('HSET', KEYS[1], 'fence', ARGV[1])
elseif not raiseFence(KEYS[1], meta[4], ARGV[1]) then
  return {}
end
local epoch, seq = meta[1], tonumber(meta[2] or '0')
if not epoch or meta[3] ~= ARGV[3] or ARGV[6] == '1' then
  epoch, seq = ARGV[2], 0
  beginEpoch(KEYS[1], KEYS[2], epoch, ARGV[3])
  redis.call('PUBLISH', ARGV[5], epoch .. '|0|')
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return { epoch, seq }
`;

/**
 * KEYS m, ev; ARGV epoch, after, limit, run. Returns {state, bodies} with state 0 well, 1 other epoch, 2 ahead,
 * 3 trimmed; the bodies follow `after` without a gap.
 */
export const READ = `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'run')
if meta[1] ~= ARGV[1] or meta[3] ~= ARGV[4] then return { 1 } end
local after, seq = tonumber(ARGV[2]), tonumber(meta[2])
if after > seq then return { 2 } end
if after == seq then return { 0, {} } end
local bodies = {}
for i, entry in ipairs(redis.call('XRANGE', KEYS[2], (after + 1) .. '-0', '+', 'COUNT', ARGV[3])) do
  if i == 1 and entry[1] ~= (after + 1) .. '-0' then return { 3 } end
  bodies[i] = entry[2][2]
end
if #bodies == 0 then return { 3 } end
return { 0, bodies }
`;

/** KEYS m, ev, d; ARGV new epoch, run, seconds to be remembered as gone, channel. */
export const REMOVE = `
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'seq', 0, 'run', ARGV[2], 'gone', 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[1] .. '|0|')
`;
