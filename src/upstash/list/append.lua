-- KEYS: the list, its notes, its ids. ARGV: the start of the turn's mark, the turn's id and sum, the position demanded
-- or '', the length of the session at the position tried or '', lifetime in seconds or 0, messages to keep or 0, whether
-- to remember the id, the time in seconds, and the entries, oldest first.
local list, notes, ids = KEYS[1], KEYS[2], KEYS[3]
local mark, id, sum, demanded, tried = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local lifetime, keep, remember, now = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8] == '1', tonumber(ARGV[9])
local length = redis.call('LLEN', list)

-- A retry that carries the position it first tried is found among all that came after that position.
local depth = 256
if tried then depth = math.max(depth, keep > 0 and length or length - tried) end
for at = 0, math.min(depth, length) - 1, 32 do
  for offset, entry in ipairs(redis.call('LRANGE', list, at, math.min(at + 31, depth - 1))) do
    if string.sub(entry, 1, #mark) == mark then
      local count, stored = string.match(entry, '^"n":(%d+),"sum":"(%x+)"', #mark + 1)
      if stored ~= sum then return {'reused'} end
      return {'duplicate', position(list, length, math.max(0, at + offset - tonumber(count)))}
    end
  end
end
local stored, where = string.match(redis.call('HGET', ids, id) or '', '^%d+ (%x+) (.+)$')
if stored then
  if stored ~= sum then return {'reused'} end
  return {'duplicate', where}
end
if demanded ~= '' and demanded ~= position(list, length, 0) then
  return {'conflict', position(list, length, 0)}
end

-- Notes of a session that is gone are not those of the one that begins now.
if length == 0 and redis.call('HDEL', notes, '') == 0 then redis.call('DEL', notes) end
for first = 10, #ARGV, 1000 do
  redis.call('LPUSH', list, unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
length = redis.call('LLEN', list)
if keep > 0 and length > keep then
  local last = walk(list, keep - 1, function() return true end)
  redis.call('LTRIM', list, 0, last)
  length = redis.call('LLEN', list)
end
if lifetime > 0 then
  redis.call('EXPIRE', list, lifetime)
  redis.call('EXPIRE', notes, lifetime)
end
where = position(list, length, 0)
if remember then
  if redis.call('HLEN', ids) % 1024 == 1023 then
    local all = redis.call('HGETALL', ids)
    for field = 1, #all, 2 do
      local stored_at = string.match(all[field + 1], '^%d+')
      if tonumber(stored_at or 0) < now - 172800 then redis.call('HDEL', ids, all[field]) end
    end
  end
  redis.call('HSET', ids, id, ARGV[9] .. ' ' .. sum .. ' ' .. where)
  redis.call('EXPIRE', ids, 86400)
end
return {'stored', where}
