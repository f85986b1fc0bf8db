-- KEYS: the notes, their list. ARGV: the name, the version that must be there, the note, lifetime in seconds or 0.
local notes, list = KEYS[1], KEYS[2]
local name, note, lifetime = ARGV[1], ARGV[3], tonumber(ARGV[4])
local begun = redis.call('LLEN', list) > 0
if not begun and redis.call('HEXISTS', notes, '') == 0 then redis.call('DEL', notes) end
local stored = redis.call('HGET', notes, name)
local version = stored and string.match(stored, '^{"version":(%d+),') or '0'
if stored ~= note then
  if version ~= ARGV[2] then return {'conflict', version} end
  redis.call('HSET', notes, name, note)
end
if begun then
  local left = redis.call('PTTL', list)
  if left > 0 then redis.call('PEXPIRE', notes, left) else redis.call('PERSIST', notes) end
else
  -- The empty name says that these notes came before the first turn and wait for it.
  redis.call('HSET', notes, '', '')
  if lifetime > 0 then redis.call('EXPIRE', notes, lifetime) end
end
return {'stored'}
