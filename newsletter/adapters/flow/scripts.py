"""The rules of core/delivery/flow.py once more, in Lua: all workers' steps happen in turn.

Tests hold both against each other. Every script is given the second, or '' for the server's
clock, as its first argument. Numbers go back as text: Lua would cut them to whole ones.
"""

from newsletter.core.delivery import flow

_NOW = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local function text(number) return string.format('%.17g', number) end
"""

_RATE = f"""
local function rate_of(base, since)
  local seconds = math.max(now - since, 0)
  return math.max(base * {flow.CLIMB} ^ seconds, base + {flow.LEAST_CLIMB} * seconds)
end
"""

_TAKE = """
local function take(level, at, wanted, burst, rate)
  if not level then level = burst
  else level = math.min(burst, level + math.max(now - at, 0) * rate) end
  local count = math.max(math.min(wanted, math.floor(level + 1e-9)), 0)
  level = level - count
  local wait = 0
  if count < wanted then wait = math.max(1 - level, 0) / rate end
  return count, wait, level
end
"""

# KEYS: processes, slowed, closed. ARGV: now, this process, seconds that processes count.
LOOK = (
    _NOW
    + """
redis.call('ZADD', KEYS[1], text(now), ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. text(now - ARGV[3]))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. text(now))
return {text(now), redis.call('ZCARD', KEYS[1]), redis.call('ZRANGE', KEYS[2], 0, -1),
        redis.call('HGETALL', KEYS[3])}
"""
)

# KEYS: bucket, day. ARGV: now, wanted, burst, rate, most a day ('' where there is no such limit),
# spent without being asked. Gives count, wait, what is left of the day.
TAKE = (
    _NOW
    + _TAKE
    + f"""
local wanted, per_day, spent = tonumber(ARGV[2]), tonumber(ARGV[5]), tonumber(ARGV[6])
local slot, room = math.floor(now / {flow.SLOT_SECONDS}), wanted
local first, used = slot, 0
if per_day then
  if spent > 0 then redis.call('HINCRBY', KEYS[2], slot, spent) end
  local counts = redis.call('HGETALL', KEYS[2])
  for i = 1, #counts, 2 do
    local one, count = tonumber(counts[i]), tonumber(counts[i + 1])
    if one < slot - {flow.DAY_SLOTS} then redis.call('HDEL', KEYS[2], counts[i])
    elseif count > 0 then
      used = used + count
      first = math.min(first, one)
    end
  end
  room = math.max(per_day - used, 0)
  if room == 0 then
    local wait = (first + {flow.DAY_SLOTS} + 1) * {flow.SLOT_SECONDS} - now
    return {{0, text(math.max(wait, 1)), 0}}
  end
end
local count, wait = math.min(wanted, room), 0
if ARGV[3] ~= '' and count > 0 then
  local burst, rate = tonumber(ARGV[3]), tonumber(ARGV[4])
  local kept, level = redis.call('HMGET', KEYS[1], 'level', 'at'), nil
  count, wait, level = take(tonumber(kept[1]), tonumber(kept[2]), count, burst, rate)
  redis.call('HSET', KEYS[1], 'level', text(level), 'at', text(now))
  redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 60000)
end
if per_day and count > 0 then
  redis.call('HINCRBY', KEYS[2], slot, count)
  redis.call('EXPIRE', KEYS[2], {2 * 86_400})
end
return {{count, text(wait), room - count}}
"""
)

# KEYS: bucket, day. ARGV: now, count.
GIVE_BACK = (
    _NOW
    + f"""
local level = redis.call('HGET', KEYS[1], 'level')
if level then redis.call('HSET', KEYS[1], 'level', text(level + ARGV[2])) end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HINCRBY', KEYS[2], math.floor(now / {flow.SLOT_SECONDS}), -ARGV[2])
end
return 1
"""
)

# KEYS: one a domain. ARGV: now, then for each how many are wanted. Gives count, wait, step of
# each, and an empty text in place of a domain that is free.
LEAVE = (
    _NOW
    + _RATE
    + _TAKE
    + f"""
local grants = {{}}
for i, key in ipairs(KEYS) do
  local kept = redis.call('HMGET', key, 'rate', 'since', 'level', 'at', 'line')
  if not kept[1] then grants[i] = ''
  else
    local rate, wanted = rate_of(kept[1], kept[2]), tonumber(ARGV[i + 1])
    local count, wait, level =
      take(tonumber(kept[3]), tonumber(kept[4]), wanted, math.max(rate, 1), rate)
    redis.call('HSET', key, 'level', text(level), 'at', text(now))
    local step = 0
    if count < wanted then
      step = 1 / (rate * {flow.EAGER})
      wait = math.max(kept[5] - now, wait)
      local line = now + math.min(wait + (wanted - count) * step, {flow.LONGEST_LINE})
      redis.call('HSET', key, 'line', text(line))
    end
    grants[i] = {{count, text(wait), text(step)}}
  end
end
return grants
"""
)

# KEYS: slowed, then one a domain. ARGV: now, then for each its name, accepted, refused, rate.
NOTE = (
    _NOW
    + _RATE
    + f"""
local function kept_share(accepted, refused)
  local share = refused / (accepted + refused)
  return math.max({flow.STEP_BACK} * (1 - share), 1 - 2 * share, {flow.LEAST_KEPT})
end
for i = 2, #KEYS do
  local key, from = KEYS[i], 4 * (i - 2) + 1
  local name, accepted, refused = ARGV[from + 1], tonumber(ARGV[from + 2]), tonumber(ARGV[from + 3])
  local kept = redis.call('HMGET', key, 'rate', 'since', 'accepted', 'refused', 'counted')
  local rate
  if not kept[1] then
    if refused > 0 then
      rate = math.max(ARGV[from + 4] * kept_share(accepted, refused), {flow.LEAST_RATE})
      redis.call('HSET', key, 'level', 0, 'at', text(now), 'line', 0)
    end
  else
    accepted, refused = accepted + kept[3], refused + kept[4]
    if now - kept[5] < {flow.REACTION} then
      redis.call('HSET', key, 'accepted', accepted, 'refused', refused)
    else
      redis.call('HSET', key, 'accepted', 0, 'refused', 0, 'counted', text(now))
      if refused > 0 then
        rate = rate_of(kept[1], kept[2])
        local borne = math.min(accepted / (now - kept[5]), rate)
        rate = math.max(rate * kept_share(accepted, refused), borne * {flow.STEP_BACK},
                        {flow.LEAST_RATE})
      end
    end
  end
  if rate then
    redis.call('HSET', key, 'rate', text(rate), 'since', text(now), 'accepted', 0, 'refused', 0,
               'counted', text(now))
    redis.call('EXPIRE', key, {int(flow.FORGIVEN_AFTER)})
    redis.call('ZADD', KEYS[1], text(now + {flow.FORGIVEN_AFTER}), name)
  end
end
return 1
"""
)

# KEYS: closed. ARGV: now, relay, because.
CLOSE = (
    _NOW
    + f"""
local failures = 0
local kept = redis.call('HGET', KEYS[1], ARGV[2])
if kept then
  local before = cjson.decode(kept)
  if before.until_at > now then return 0 end
  failures = before.failures
end
local pause = math.min({flow.FIRST_PAUSE} * 2 ^ math.min(failures, 10), {flow.LONGEST_PAUSE})
redis.call('HSET', KEYS[1], ARGV[2], cjson.encode(
  {{until_at = now + pause, failures = failures + 1, because = ARGV[3]}}))
return 1
"""
)
