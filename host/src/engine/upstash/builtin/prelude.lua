-- Runs before a script: gives it Redis's functions, takes away everything that is not on the list of names, and
-- returns the function that runs the script with errors in Redis's form.
local call, protected_call, sha1hex, locate, visible, allowed = ...
local error, pcall, rawget, setmetatable, tostring, type, xpcall =
    error, pcall, rawget, setmetatable, tostring, type, xpcall
local find, sub = string.find, string.sub
local globals = _G

redis.sha1hex = sha1hex
redis.call = call
redis.pcall = protected_call

-- A script that catches an error gets its text, not the table that redis.call raised.
local function caught(finished, problem, ...)
    if finished then
        return true, problem, ...
    end
    problem = visible(problem)
    if type(problem) == 'table' and type(rawget(problem, 'err')) == 'string' then
        problem = rawget(problem, 'err')
    end
    return false, problem
end
function globals.pcall(...)
    return caught(pcall(...))
end
function globals.xpcall(script, handler)
    return xpcall(script, function(problem)
        return handler(visible(problem))
    end)
end

function redis.error_reply(text)
    if type(text) ~= 'string' then
        return { err = 'ERR wrong number or type of arguments' }
    end
    if sub(text, 1, 1) == '-' then
        text = sub(text, 2)
    end
    if not find(text, ' ', 1, true) then
        text = 'ERR ' .. text
    end
    return { err = text }
end

function redis.status_reply(text)
    if type(text) ~= 'string' then
        return { err = 'ERR wrong number or type of arguments' }
    end
    return { ok = text }
end

-- A function from outside answers a value, or nothing and what is wrong.
local function raising(call)
    return function(...)
        local value, problem = call(...)
        if problem then
            error(problem, 0)
        end
        return value
    end
end
cjson.encode = raising(cjson.encode)
cjson.decode = raising(cjson.decode)

-- Lua follows a pattern by recursion without a limit of its own.
local max_pattern_bytes = 10000
local function limited(search)
    return function(text, pattern, ...)
        if #tostring(pattern) > max_pattern_bytes then
            error('pattern too long', 2)
        end
        return search(text, pattern, ...)
    end
end
for _, name in ipairs({ 'find', 'gmatch', 'gsub', 'match' }) do
    string[name] = limited(string[name])
end

local keep = {}
for _, name in ipairs(allowed) do
    keep[name] = true
end
local remove = {}
for name in pairs(globals) do
    if not keep[name] then
        remove[#remove + 1] = name
    end
end
for _, name in ipairs(remove) do
    globals[name] = nil
end
string.dump = nil

setmetatable(globals, {
    __metatable = false,
    __index = function(_, name)
        error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
    end,
    __newindex = function()
        error('Attempt to modify a readonly table', 2)
    end,
})

return function(script)
    return xpcall(script, function(problem)
        problem = visible(problem)
        if type(problem) ~= 'table' then
            problem = { err = 'ERR ' .. tostring(problem) }
        end
        problem.line = locate()
        return problem
    end)
end
