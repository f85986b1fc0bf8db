-- KEYS: the list. ARGV: the first and the last index of a range.
local list = KEYS[1]
return {redis.call('LRANGE', list, ARGV[1], ARGV[2]), redis.call('LLEN', list), redis.call('PTTL', list)}
