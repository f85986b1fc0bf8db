-- KEYS: the list, its notes, its ids.
local _, turns, messages = walk(KEYS[1], 0, function() return false end)
redis.call('DEL', unpack(KEYS))
return {turns, messages}
