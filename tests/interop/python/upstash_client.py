"""The official Python client for Upstash, through what it offers; see ../README.md for the contract."""

import argparse
import asyncio
import json
import time

from upstash_redis import Redis
from upstash_redis.asyncio import Redis as AsyncRedis

parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("--url", required=True)
parser.add_argument("--token", required=True)
options = parser.parse_args()

transcript = []


def step(name, operation):
    try:
        transcript.append({"step": name, "result": operation()})
    except Exception as error:
        transcript.append({"step": name, "error": f"{type(error).__name__}: {error}"})


def connect(**more):
    return Redis(url=options.url, **{"token": options.token, "rest_retries": 0, **more})


redis = connect()
plain = connect(rest_encoding=None)


def between(low, high, value):
    return f"{low} to {high}" if low <= value <= high else value


def digest(text):
    return {"length": len(text), "ends": [text[:4], text[-4:]]}


def strings():
    step("ping", lambda: redis.ping())
    step("ping with words", lambda: redis.ping("hé"))
    step("echo", lambda: redis.echo("😀"))
    step("set", lambda: redis.set("text", "hello"))
    step("get", lambda: redis.get("text"))
    step("get nothing", lambda: redis.get("none"))
    step("set a number", lambda: redis.set("number", 12.5))
    step("get a number", lambda: redis.get("number"))
    step("set an object", lambda: redis.set("object", {"a": [1, "zwei", None]}))
    step("get an object", lambda: redis.get("object"))
    step("a long number", lambda: (redis.set("long", 12345678901234567890), redis.get("long")))
    step("set if missing, present", lambda: redis.set("text", "other", nx=True))
    step("set if present, missing", lambda: redis.set("none", "other", xx=True))
    step("set and get the old", lambda: redis.set("text", "new", get=True))
    step("setnx", lambda: redis.setnx("text", "x"))
    step("setex", lambda: redis.setex("short", 100, "x"))
    step("mset", lambda: redis.mset({"m1": "1", "m2": "zwei"}))
    step("mget", lambda: redis.mget("m1", "none", "m2"))
    step("append", lambda: redis.append("text", "er"))
    step("strlen", lambda: redis.strlen("text"))
    step("strlen counts bytes", lambda: (redis.set("umlaut", "é😀"), redis.strlen("umlaut")))
    step("incr", lambda: redis.incr("count"))
    step("incrby", lambda: redis.incrby("count", 41))
    step("decr", lambda: redis.decr("count"))
    step("decrby", lambda: redis.decrby("count", 11))


def texts():
    odd = ["", " ", "OK", "null", "true", "[1", '"quoted"', "line\nbreak\ttab", "\0\a", "\u2028", "日本語", "👩‍👩‍👧‍👦",
           "e\u0301", "data: x", "=?%2F/\\", "T0s=", "conflict"]
    step("odd texts come back", lambda: (redis.rpush("odd", *odd), redis.lrange("odd", 0, -1)))
    step("odd texts, not encoded", lambda: plain.lrange("odd", 0, -1))
    step("a stored OK", lambda: (redis.set("ok", "OK"), redis.get("ok"), plain.get("ok")))
    key = "key with / ? % 😀 \n"
    step("odd key", lambda: (redis.set(key, "found"), redis.get(key)))
    big = "häßlich😀" * 100_000
    redis.set("big", big)
    step("a big value", lambda: {**digest(redis.get("big")), "equal": redis.get("big") == big})
    step("a big value, not encoded", lambda: digest(plain.get("big")))


def lists():
    step("lpush", lambda: redis.lpush("list", "b", "a"))
    step("rpush", lambda: redis.rpush("list", "c", {"d": 4}))
    step("lrange", lambda: redis.lrange("list", 0, -1))
    step("lrange from the end", lambda: redis.lrange("list", -2, -1))
    step("lrange of nothing", lambda: redis.lrange("none", 0, -1))
    step("llen", lambda: redis.llen("list"))
    step("lindex", lambda: redis.lindex("list", -1))
    step("lindex outside", lambda: redis.lindex("list", 99))
    step("lset", lambda: redis.lset("list", 1, "B"))
    step("lset outside", lambda: redis.lset("list", 99, "x"))
    step("lrem", lambda: redis.lrem("list", 1, "B"))
    step("ltrim", lambda: redis.ltrim("list", 0, 1))
    step("lpop", lambda: redis.lpop("list"))
    step("rpop", lambda: redis.rpop("list"))
    step("pop of nothing", lambda: redis.rpop("list"))
    step("lpop many", lambda: (redis.rpush("list", 1, 2, 3), redis.lpop("list", 2)))
    step("an emptied list is gone", lambda: (redis.lpop("list"), redis.exists("list")))


def hashes():
    step("hset", lambda: redis.hset("hash", values={"a": "1", "b": "2", "é😀": "x"}))
    step("hset over", lambda: redis.hset("hash", "a", "one"))
    step("hsetnx", lambda: redis.hsetnx("hash", "a", "again"))
    step("hget", lambda: redis.hget("hash", "a"))
    step("hget nothing", lambda: redis.hget("hash", "none"))
    step("hmget", lambda: redis.hmget("hash", "a", "none", "b"))
    step("hgetall", lambda: dict(sorted(redis.hgetall("hash").items())))
    step("hgetall of nothing", lambda: redis.hgetall("none"))
    step("hkeys", lambda: sorted(redis.hkeys("hash")))
    step("hvals", lambda: sorted(redis.hvals("hash")))
    step("hlen", lambda: redis.hlen("hash"))
    step("hexists", lambda: [redis.hexists("hash", "a"), redis.hexists("hash", "none")])
    step("hdel", lambda: redis.hdel("hash", "a", "none"))


def scanned(match):
    found, cursor = set(), 0
    while True:
        cursor, names = redis.scan(cursor, match=match, count=3)
        found.update(names)
        if cursor == 0:
            return sorted(found)


def keys():
    step("exists", lambda: redis.exists("text", "none", "text"))
    step("type", lambda: [redis.type(name) for name in ["text", "odd", "hash", "none"]])
    step("keys", lambda: sorted(redis.keys("m*")))
    step("scan finds all", lambda: scanned("m?"))
    step("dbsize", lambda: redis.dbsize())
    step("delete", lambda: redis.delete("m1", "none"))
    step("unlink", lambda: redis.unlink("m2"))
    step("time", lambda: [redis.time()[0] > 1_700_000_000, between(0, 999_999, redis.time()[1])])


def expiry():
    step("no expiry", lambda: redis.ttl("text"))
    step("no key", lambda: redis.ttl("none"))
    step("expire", lambda: redis.expire("text", 100))
    step("ttl", lambda: between(90, 100, redis.ttl("text")))
    step("pttl", lambda: between(90_000, 100_000, redis.pttl("text")))
    step("expire later only", lambda: redis.expire("text", 50, gt=True))
    step("persist", lambda: [redis.persist("text"), redis.ttl("text")])
    step("set with ex", lambda: [redis.set("short", "x", ex=100), between(90, 100, redis.ttl("short"))])
    step("set with keepttl", lambda: [redis.set("short", "y", keepttl=True), between(90, 100, redis.ttl("short"))])
    step("set without takes it off", lambda: [redis.set("short", "z"), redis.ttl("short")])
    step("pexpire", lambda: redis.pexpire("short", 90_000))
    step("expireat the past", lambda: [redis.expireat("short", 1), redis.exists("short")])
    step("it expires", lambda: [redis.set("flash", "x", px=40), time.sleep(0.08), redis.get("flash")])
    step("an expiry that is none", lambda: redis.set("text", "x", ex=0))


def batches():
    def batch(pipeline, *commands):
        for command in commands:
            pipeline.execute(command)
        return pipeline.exec()

    step("pipeline", lambda: batch(
        redis.pipeline(), ["SET", "p", "1"], ["INCR", "p"], ["RPUSH", "pl", "é", "b"], ["LRANGE", "pl", 0, -1],
        ["GET", "none"]))
    step("pipeline by methods", lambda: redis.pipeline().set("p", "3").incr("p").get("p").exec())
    step("pipeline with an error", lambda: batch(redis.pipeline(), ["SET", "p", "5"], ["LPUSH", "p", "x"], ["INCR", "p"]))
    step("what it left", lambda: redis.get("p"))
    step("transaction", lambda: redis.multi().set("t", "1").incr("t").rpush("tl", "x").get("t").exec())
    step("transaction with an error", lambda: redis.multi().set("t", "7").lpush("t", "x").incr("t").exec())
    step("what it left", lambda: redis.get("t"))
    # The client takes the one error for a list of answers.
    step("a malformed transaction runs nothing", lambda: batch(redis.multi(), ["SET", "t", "never"], ["GET"]))
    step("what it left", lambda: redis.get("t"))


def scripts():
    step("eval", lambda: redis.eval("return {KEYS[1], ARGV[1], 3, false, {ARGV[2]}}", ["k"], ["a", "é😀"]))
    step("eval reads and writes", lambda: redis.eval(
        "redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])", ["script"], ["written"]))
    step("eval with key locking", lambda: redis.eval(
        "#!lua flags=allow-key-locking\nreturn redis.call('incr', KEYS[1])", ["locked"], []))
    step("eval, numbers are cut", lambda: redis.eval("return {3.99, -3.99, tostring(3.99)}"))
    step("eval, status", lambda: redis.eval("return redis.status_reply('FINE')"))
    step("eval, cjson", lambda: redis.eval(
        "return cjson.encode({a = cjson.decode(ARGV[1])[2]})", args=['[1, "x/y", null]']))
    step("eval_ro", lambda: redis.eval_ro("return redis.call('get', KEYS[1])", ["script"]))
    step("eval_ro must not write", lambda: redis.eval_ro("return redis.call('set', KEYS[1], 'x')", ["script"]))
    sha = redis.script_load("return {ARGV[1], #KEYS}")
    step("script load and evalsha", lambda: [sha, redis.evalsha(sha, ["a", "b"], ["x"])])
    step("script exists", lambda: redis.script_exists(sha, "f" * 40))
    step("evalsha of nothing", lambda: redis.evalsha("f" * 40))
    step("an error in redis.call", lambda: redis.eval("return redis.call('lpush', 'script', 'x')"))
    step("an error of its own", lambda: redis.eval("return redis.error_reply('MINE not now')"))
    step("an error by error()", lambda: redis.eval("error('my words')"))
    step("an error in pcall", lambda: redis.eval("return redis.pcall('lpush', 'script', 'x')['err']"))
    step("no Lua", lambda: redis.eval("this is not lua"))
    step("too few keys", lambda: redis.execute(["EVAL", "return 1", "2", "only one"]))


def errors():
    step("wrong type", lambda: redis.lpush("text", "x"))
    step("not a number", lambda: redis.incr("object"))
    step("unknown command", lambda: redis.execute(["NOSUCH", "argument"]))
    step("too few arguments", lambda: redis.execute(["GET"]))
    step("syntax error", lambda: redis.execute(["SET", "a", "b", "SOON"]))
    step("an argument that is none", lambda: redis.execute(["SET", "a", None]))
    step("a wrong token", lambda: connect(token="wrong").get("text"))
    step("a missing token", lambda: connect(token="").get("text"))


def read_your_writes():
    client, other = connect(), connect(read_your_writes=False)
    step("sync token at first", lambda: client._sync_token)
    step("sync token after a write", lambda: [client.set("synced", "1"), len(client._sync_token) > 0])
    step("another client sees it", lambda: [other.get("synced"), other._sync_token])
    client._sync_token = "eyJmb28iOiJiYXIifQ=="
    step("a token from elsewhere", lambda: client.get("synced"))


def asynchronous():
    async def at_once():
        async with AsyncRedis(url=options.url, token=options.token, rest_retries=0) as client:
            await asyncio.gather(*(client.rpush("async", at) for at in range(20)))
            pipeline = client.pipeline()
            pipeline.llen("async")
            pipeline.get("text")
            return [sorted(map(int, await client.lrange("async", 0, -1))), await pipeline.exec()]

    step("at once", lambda: asyncio.run(at_once()))


step("flushdb", lambda: redis.flushdb())
for part in [strings, texts, lists, hashes, keys, expiry, batches, scripts, errors, read_your_writes, asynchronous]:
    part()
step("flushall", lambda: [redis.flushall(), redis.dbsize()])
print(json.dumps(transcript))
