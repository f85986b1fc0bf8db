-- What an entry is to the turn that it is in. Entries of ours begin with their mark, those of others are told by type.
local function place(entry)
  if string.sub(entry, 1, 14) == '{"cm":{"turn":' then return 'first' end
  if string.sub(entry, 1, 7) == '{"cm":"' then return 'inside' end
  local kind = string.match(entry, '^%s*{%s*"type"%s*:%s*"(%a+)"')
  if not kind or kind == 'generic' or kind == 'chat' then
    local ok, message = pcall(cjson.decode, entry)
    if not ok or type(message) ~= 'table' or type(message.type) ~= 'string' then return 'unreadable' end
    kind = message.type
    local data = type(message.data) == 'table' and message.data or message
    if (kind == 'generic' or kind == 'chat') and type(data.role) == 'string' then kind = data.role end
  end
  if not (string.find(entry, '"content"', 1, true) or string.find(entry, '"text"', 1, true)) then
    return 'unreadable'
  end
  if kind == 'human' or kind == 'user' or kind == 'HumanMessageChunk' then return 'user' end
  if kind == 'system' or kind == 'SystemMessageChunk' then return 'system' end
  return 'other'
end

-- Walks from the entry at `from` to older ones until the turns passed are enough, and never stops within one.
-- Gives the index of the oldest entry passed, the number of turns and that of messages.
local function walk(key, from, enough)
  local turns, messages, last, at = 0, 0, -1, from
  -- Messages of a turn of ours of which the first is still to come.
  local inside = 0
  -- Messages of others that are older than the last start of a turn. System messages alone at the very beginning
  -- belong to the user message after them.
  local open, open_last, only_system, user_after, done = 0, 0, true, false, false
  local function close()
    if open > 0 then
      if only_system and user_after then
        last, messages = open_last, messages + open
      elseif not done then
        last, messages, turns = open_last, messages + open, turns + 1
      end
    end
    open, only_system, user_after = 0, true, false
    return done or (turns > 0 and enough(turns, messages))
  end
  while true do
    local entries = redis.call('LRANGE', key, at, at + 63)
    for offset, entry in ipairs(entries) do
      local index, what = at + offset - 1, place(entry)
      if what == 'first' or what == 'inside' then
        if close() then return last, turns, messages end
        inside = inside + 1
        if what == 'first' then
          turns, messages, inside, last = turns + 1, messages + inside, 0, index
          if enough(turns, messages) then return last, turns, messages end
        end
      elseif what == 'user' then
        if done then return last, turns, messages end
        turns, messages, last = turns + 1, messages + open + 1, index
        open, only_system, user_after = 0, true, true
        done = enough(turns, messages)
      elseif what ~= 'unreadable' then
        if done and what ~= 'system' then return last, turns, messages end
        open, open_last, only_system = open + 1, index, only_system and what == 'system'
      end
    end
    if #entries < 64 then
      if close() then return last, turns, messages end
      if inside > 0 then turns = turns + 1 end
      return at + #entries - 1, turns, messages + inside
    end
    at = at + 64
  end
end

-- The end of the session just after the entry at `index`.
local function position(key, length, index)
  local entry = redis.call('LINDEX', key, index)
  if not entry then return '0' end
  return (length - index) .. '.' .. string.sub(redis.sha1hex(entry), 1, 16)
end
