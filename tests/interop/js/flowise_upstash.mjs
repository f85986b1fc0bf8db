// The storage behaviour of the canvas node upstashRedisBackedChatMemory, over the real client.
import { mapStoredMessageToChatMessage } from "@langchain/core/messages";
import { Redis } from "@upstash/redis";
import { run } from "./cli.mjs";
import { storedMessage } from "./flowise_message.mjs";

class UpstashRedisBackedChatMemory {
  constructor({ url, token, session, ttl }) {
    this.redis = new Redis({ url, token });
    this.key = session;
    this.ttlSecs = ttl ? Number.parseInt(ttl, 10) : undefined;
  }

  async addMessage(message) {
    await this.redis.lpush(this.key, JSON.stringify(storedMessage(message)));
    if (this.ttlSecs) await this.redis.expire(this.key, this.ttlSecs);
  }

  async getMessages() {
    const newestFirst = await this.redis.lrange(this.key, 0, -1);
    return newestFirst
      .reverse()
      .filter((entry) => entry.type !== undefined && entry.data.content !== undefined)
      .map(mapStoredMessageToChatMessage);
  }

  async clear() {
    await this.redis.del(this.key);
  }
}

await run(
  { url: true, token: true, session: true, ttl: false },
  (options) => new UpstashRedisBackedChatMemory(options),
);
