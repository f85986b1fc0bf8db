// The official JavaScript client for Upstash, through what it offers; see ../README.md for the contract.
import { parseArgs } from "node:util";
import { Redis } from "@upstash/redis";

const { url, token } = parseArgs({ options: { url: { type: "string" }, token: { type: "string" } } }).values;

// The client warns of the missing token that a step leaves out.
console.warn = () => {};

const transcript = [];

async function step(name, operation) {
  try {
    transcript.push({ step: name, result: (await operation()) ?? null });
  } catch (error) {
    transcript.push({ step: name, error: `${error?.name}: ${error?.message}` });
  }
}

const connect = (options) => new Redis({ url, token, retry: false, ...options });
const redis = connect();
/** As the answers came, without the client's reading of JSON in them. */
const exact = connect({ automaticDeserialization: false });
const plain = connect({ automaticDeserialization: false, responseEncoding: false });

const sorted = (names) => [...names].sort();
const between = (low, high, value) => (value >= low && value <= high ? `${low} to ${high}` : value);
const digest = (text) => ({ length: text.length, ends: [text.slice(0, 4), text.slice(-4)] });

async function strings() {
  await step("ping", () => redis.ping());
  await step("ping with words", () => exact.ping(["hé"]));
  await step("echo", () => exact.echo("😀"));
  await step("set", () => redis.set("text", "hello"));
  await step("get", () => redis.get("text"));
  await step("get nothing", () => redis.get("none"));
  await step("set an object", () => redis.set("object", { a: [1, "zwei", null], b: { c: true } }));
  await step("get an object", () => redis.get("object"));
  await step("get its text", () => exact.get("object"));
  await step("set a number", () => redis.set("number", 12.5));
  await step("get a number", () => redis.get("number"));
  await step("a long number stays text", async () => {
    await redis.set("long", "12345678901234567890");
    return redis.get("long");
  });
  await step("set if missing, present", () => redis.set("text", "other", { nx: true }));
  await step("set if present, missing", () => redis.set("none", "other", { xx: true }));
  await step("set and get the old", () => redis.set("text", "new", { get: true }));
  await step("setnx", () => redis.setnx("text", "x"));
  await step("setex", () => redis.setex("short", 100, "x"));
  await step("mset", () => redis.mset({ m1: "1", m2: "zwei" }));
  await step("mget", () => redis.mget("m1", "none", "m2", "object"));
  await step("append", () => redis.append("text", "er"));
  await step("strlen", () => redis.strlen("text"));
  await step("strlen counts bytes", async () => {
    await redis.set("umlaut", "é😀");
    return redis.strlen("umlaut");
  });
  await step("incr", () => redis.incr("count"));
  await step("incrby", () => redis.incrby("count", 41));
  await step("decr", () => redis.decr("count"));
  await step("decrby", () => redis.decrby("count", 11));
}

async function texts() {
  const odd = ["", " ", "OK", "null", "true", "[1", "\"quoted\"", "line\nbreak\ttab", "\u0000\u0007", "\u2028",
    "日本語", "👩‍👩‍👧‍👦", "e\u0301", "data: x", "=?%2F/\\", "T0s=", "conflict"];
  await step("odd texts come back", async () => {
    await exact.del("odd");
    await exact.rpush("odd", ...odd);
    return exact.lrange("odd", 0, -1);
  });
  await step("odd texts, not encoded", () => plain.lrange("odd", 0, -1));
  await step("a stored OK", async () => {
    await exact.set("ok", "OK");
    return [await exact.get("ok"), await plain.get("ok")];
  });
  await step("odd key", async () => {
    await exact.set("key with / ? % 😀 \n", "found");
    return exact.get("key with / ? % 😀 \n");
  });
  const big = "häßlich😀".repeat(100_000);
  await step("a big value", async () => {
    await exact.set("big", big);
    const back = await exact.get("big");
    return { ...digest(back), equal: back === big };
  });
  await step("a big value, not encoded", async () => digest(await plain.get("big")));
  await step("many values", async () => {
    await exact.rpush("many", ...Array.from({ length: 5000 }, (_, at) => `value ${at}`));
    const all = await exact.lrange("many", 0, -1);
    return [all.length, all[0], all[4999]];
  });
}

async function lists() {
  await step("lpush", () => redis.lpush("list", "b", "a"));
  await step("rpush", () => redis.rpush("list", "c", { d: 4 }));
  await step("lrange", () => redis.lrange("list", 0, -1));
  await step("lrange from the end", () => redis.lrange("list", -2, -1));
  await step("lrange of nothing", () => redis.lrange("none", 0, -1));
  await step("llen", () => redis.llen("list"));
  await step("lindex", () => redis.lindex("list", -1));
  await step("lindex outside", () => redis.lindex("list", 99));
  await step("lset", () => redis.lset("list", 1, "B"));
  await step("lset outside", () => redis.lset("list", 99, "x"));
  await step("lrem", () => redis.lrem("list", 1, "B"));
  await step("ltrim", () => redis.ltrim("list", 0, 1));
  await step("lpop", () => redis.lpop("list"));
  await step("rpop", () => redis.rpop("list"));
  await step("pop of nothing", () => redis.rpop("list"));
  await step("lpop many", async () => {
    await redis.rpush("list", 1, 2, 3);
    return redis.lpop("list", 2);
  });
  await step("an emptied list is gone", async () => {
    await redis.lpop("list");
    return redis.exists("list");
  });
}

async function hashes() {
  await step("hset", () => redis.hset("hash", { a: "1", b: { c: 2 }, "é😀": "x" }));
  await step("hset over", () => redis.hset("hash", { a: "one", d: "new" }));
  await step("hsetnx", () => redis.hsetnx("hash", "a", "again"));
  await step("hget", () => redis.hget("hash", "a"));
  await step("hget nothing", () => redis.hget("hash", "none"));
  await step("hmget", () => redis.hmget("hash", "a", "none", "b"));
  await step("hgetall", async () => {
    const all = await redis.hgetall("hash");
    return Object.fromEntries(sorted(Object.keys(all)).map((field) => [field, all[field]]));
  });
  await step("hgetall of nothing", () => redis.hgetall("none"));
  await step("hkeys", async () => sorted(await redis.hkeys("hash")));
  await step("hvals", async () => sorted(await exact.hvals("hash")));
  await step("hlen", () => redis.hlen("hash"));
  await step("hexists", async () => [await redis.hexists("hash", "a"), await redis.hexists("hash", "none")]);
  await step("hdel", () => redis.hdel("hash", "a", "none"));
}

async function keys() {
  await step("exists", () => redis.exists("text", "none", "text"));
  await step("type", async () =>
    Promise.all(["text", "odd", "hash", "none"].map((name) => redis.type(name))));
  await step("keys", async () => sorted(await redis.keys("m*")));
  await step("scan finds all", async () => {
    const found = new Set();
    let cursor = "0";
    do {
      const [next, names] = await redis.scan(cursor, { match: "m?", count: 3 });
      names.forEach((name) => found.add(name));
      cursor = next;
    } while (cursor !== "0");
    return sorted(found);
  });
  await step("dbsize", () => redis.dbsize());
  await step("del", () => redis.del("m1", "none"));
  await step("unlink", () => redis.unlink("m2"));
  await step("time", async () => {
    const [seconds, microseconds] = await redis.time();
    return [seconds > 1_700_000_000, between(0, 999_999, Number(microseconds))];
  });
}

async function expiry() {
  await step("no expiry", () => redis.ttl("text"));
  await step("no key", () => redis.ttl("none"));
  await step("expire", () => redis.expire("text", 100));
  await step("ttl", async () => between(90, 100, await redis.ttl("text")));
  await step("pttl", async () => between(90_000, 100_000, await redis.pttl("text")));
  await step("expire later only", () => redis.expire("text", 50, "gt"));
  await step("persist", async () => [await redis.persist("text"), await redis.ttl("text")]);
  await step("set with ex", async () => {
    await redis.set("short", "x", { ex: 100 });
    return between(90, 100, await redis.ttl("short"));
  });
  await step("set with keepttl", async () => {
    await redis.set("short", "y", { keepTtl: true });
    return between(90, 100, await redis.ttl("short"));
  });
  await step("set without takes it off", async () => {
    await redis.set("short", "z");
    return redis.ttl("short");
  });
  await step("pexpire", () => redis.pexpire("short", 90_000));
  await step("expireat the past", async () => [await redis.expireat("short", 1), await redis.exists("short")]);
  await step("it expires", async () => {
    await redis.set("flash", "x", { px: 40 });
    await new Promise((resolve) => setTimeout(resolve, 80));
    return redis.get("flash");
  });
  await step("an expiry that is none", () => redis.set("text", "x", { ex: 0 }));
}

async function batches() {
  await step("pipeline", () =>
    redis.pipeline().set("p", "1").incr("p").rpush("pl", "é", "b").lrange("pl", 0, -1).get("none").exec());
  await step("pipeline, an error is thrown", () => redis.pipeline().set("p", "1").lpush("p", "x").get("p").exec());
  await step("pipeline, errors kept", () =>
    redis.pipeline().set("p", "5").lpush("p", "x").incr("p").exec({ keepErrors: true }));
  await step("transaction", () => redis.multi().set("t", "1").incr("t").rpush("tl", "x").get("t").exec());
  await step("transaction with an error goes on", () =>
    redis.multi().set("t", "1").lpush("t", "x").incr("t").exec({ keepErrors: true }));
  await step("what it left", () => redis.get("t"));
  await step("a malformed transaction runs nothing", () => redis.multi().set("t", "never").hset("h", {}).exec());
  await step("what it left", () => redis.get("t"));
  await step("what is asked at once goes in one request", async () => {
    let requests = 0;
    const counted = connect();
    counted.use((request, next) => {
      requests += 1;
      return next(request);
    });
    const writes = await Promise.all([
      counted.set("auto1", "a"),
      counted.set("auto2", { b: 1 }),
      counted.incr("auto3"),
      counted.hset("auto4", { f: "v" }),
    ]);
    const reads = await Promise.all([counted.get("auto1"), counted.get("auto2"), counted.hget("auto4", "f")]);
    return { writes, reads, requests };
  });
  await step("one of many at once fails", async () => {
    const settled = await Promise.allSettled([redis.set("auto1", "1"), redis.lpush("auto1", "x"), redis.incr("auto1")]);
    return settled.map(({ status, value, reason }) => [status, value ?? reason?.message]);
  });
  await step("without auto-pipelining", async () => {
    const single = connect({ enableAutoPipelining: false });
    return Promise.all([single.set("single", "x"), single.get("text"), single.incr("count")]);
  });
}

async function scripts() {
  await step("eval", () => redis.eval("return {KEYS[1], ARGV[1], 3, false, {ARGV[2]}}", ["k"], ["a", "é😀"]));
  await step("eval reads and writes", () =>
    redis.eval("redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])", ["script"], ["written"]));
  await step("eval with key locking", () =>
    redis.eval("#!lua flags=allow-key-locking\nreturn redis.call('incr', KEYS[1])", ["locked"], []));
  await step("eval, numbers are cut", () => redis.eval("return {3.99, -3.99, tostring(3.99)}", [], []));
  await step("eval, status and nil", () => redis.eval("return redis.status_reply('FINE')", [], []));
  await step("eval, cjson", () =>
    exact.eval("return cjson.encode({a = cjson.decode(ARGV[1])[2]})", [], ['[1, "x/y", null]']));
  await step("eval_ro", () => redis.evalRo("return redis.call('get', KEYS[1])", ["script"], []));
  await step("eval_ro must not write", () => redis.evalRo("return redis.call('set', KEYS[1], 'x')", ["script"], []));
  await step("script load and evalsha", async () => {
    const sha = await redis.scriptLoad("return {ARGV[1], #KEYS}");
    return [sha, await redis.evalsha(sha, ["a", "b"], ["x"]), await redis.scriptExists(sha, "f".repeat(40))];
  });
  await step("evalsha of nothing", () => redis.evalsha("f".repeat(40), [], []));
  await step("a script object", async () => {
    const script = redis.createScript("return redis.call('append', KEYS[1], ARGV[1])");
    return [await script.exec(["object script"], ["ab"]), await script.exec(["object script"], ["c"])];
  });
  await step("an error in redis.call", () => redis.eval("return redis.call('lpush', 'script', 'x')", [], []));
  await step("an error of its own", () => redis.eval("return redis.error_reply('MINE not now')", [], []));
  await step("an error by error()", () => redis.eval("error('my words')", [], []));
  await step("an error in pcall", () => redis.eval("return redis.pcall('lpush', 'script', 'x')['err']", [], []));
  await step("no Lua", () => redis.eval("this is not lua", [], []));
  await step("too few keys", () => redis.exec(["EVAL", "return 1", "2", "only one"]));
}

async function errors() {
  await step("wrong type", () => redis.lpush("text", "x"));
  await step("not a number", () => redis.incr("object"));
  await step("unknown command", () => redis.exec(["NOSUCH", "argument"]));
  await step("too few arguments", () => redis.exec(["GET"]));
  await step("syntax error", () => redis.exec(["SET", "a", "b", "SOON"]));
  await step("a wrong token", () => connect({ token: "wrong" }).get("text"));
  await step("a missing token", () => connect({ token: "" }).get("text"));
}

async function readYourWrites() {
  const client = connect();
  const other = connect({ readYourWrites: false });
  await step("sync token at first", () => client.readYourWritesSyncToken);
  await step("sync token after a write", async () => {
    await client.set("synced", "1");
    const { readYourWritesSyncToken: first } = client;
    await client.get("synced");
    return [typeof first, first.length > 0, typeof client.readYourWritesSyncToken];
  });
  await step("another client sees it", () => other.get("synced"));
  await step("a token from elsewhere", async () => {
    client.readYourWritesSyncToken = "eyJmb28iOiJiYXIifQ==";
    return client.get("synced");
  });
}

await step("flushdb", () => redis.flushdb());
for (const part of [strings, texts, lists, hashes, keys, expiry, batches, scripts, errors, readYourWrites]) await part();
await step("flushall", async () => [await redis.flushall(), await redis.dbsize()]);
process.stdout.write(`${JSON.stringify(transcript)}\n`);
