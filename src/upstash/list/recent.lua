-- KEYS: the list, its notes. ARGV: 'all', 'turns', 'messages' or 'notes', and how many turns or messages at least.
local list, notes = KEYS[1], KEYS[2]
local window, limit = ARGV[1], tonumber(ARGV[2])
local length = redis.call('LLEN', list)
local entries = {}
if window == 'all' then
  entries = redis.call('LRANGE', list, 0, -1)
elseif window ~= 'notes' then
  local last = walk(list, 0, function(turns, messages)
    return (window == 'turns' and turns or messages) >= limit
  end)
  entries = redis.call('LRANGE', list, 0, last)
end
local kept = {}
if length > 0 or redis.call('HEXISTS', notes, '') == 1 then kept = redis.call('HGETALL', notes) end
return {length, redis.call('PTTL', list), entries, kept}
