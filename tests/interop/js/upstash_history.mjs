// LangChain JS's Upstash chat history on the command line.
import { UpstashRedisChatMessageHistory } from "@langchain/community/stores/message/upstash_redis";
import { Redis } from "@upstash/redis";
import { run } from "./cli.mjs";

await run(
  { url: true, token: true, session: true, ttl: false },
  ({ url, token, session, ttl }) =>
    new UpstashRedisChatMessageHistory({
      client: new Redis({ url, token }),
      sessionId: session,
      sessionTTL: ttl && Number(ttl),
    }),
);
