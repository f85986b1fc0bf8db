-- Tables for canvas-memory, for ddbsh (https://github.com/awslabs/dynamodb-shell). Nothing here drops a table or changes
-- one that is there: keep what you need and rename the tables as you like. What expires does so by the attribute that
-- the node names; `canvas-memory tables check` compares a table with its layout.
--
-- Generated from the layouts: `cargo test --test tables` rewrites it.

-- turns: an item a turn, at the same cost however long the conversation
CREATE TABLE IF NOT EXISTS "chat-memory" ("sessionId" string, "sk" string)
  PRIMARY KEY ("sessionId" HASH, "sk" RANGE)
  BILLING MODE ON DEMAND;
-- Where items are to expire: ALTER TABLE "chat-memory" SET TTL ("expireAt");

-- list: one item a session, as other canvases keep it; it holds at most 400 KB
CREATE TABLE IF NOT EXISTS "chat-memory-list" ("sessionId" string)
  PRIMARY KEY ("sessionId" HASH)
  BILLING MODE ON DEMAND;
-- Where items are to expire: ALTER TABLE "chat-memory-list" SET TTL ("expireAt");

-- history: one item a session, as LangChain Python keeps it; it holds at most 400 KB
CREATE TABLE IF NOT EXISTS "chat-memory-history" ("SessionId" string)
  PRIMARY KEY ("SessionId" HASH)
  BILLING MODE ON DEMAND;
-- Where items are to expire: ALTER TABLE "chat-memory-history" SET TTL ("expireAt");

-- griptape: one item a session, as Griptape keeps it; it holds at most 400 KB
CREATE TABLE IF NOT EXISTS "griptape" ("id" string)
  PRIMARY KEY ("id" HASH)
  BILLING MODE ON DEMAND;
-- Where items are to expire: ALTER TABLE "griptape" SET TTL ("expireAt");

-- mem0-conversations: an item a conversation, as Mem0 keeps it
CREATE TABLE IF NOT EXISTS "Mem0Conversations" ("user_id" string, "conversation_id" string)
  PRIMARY KEY ("user_id" HASH, "conversation_id" RANGE)
  BILLING MODE ON DEMAND;
-- Where items are to expire: ALTER TABLE "Mem0Conversations" SET TTL ("expiration_time");

-- mem0-history: an item a change of a memory
CREATE TABLE IF NOT EXISTS "Mem0History" ("pk" string, "sk" string)
  PRIMARY KEY ("pk" HASH, "sk" RANGE)
  BILLING MODE ON DEMAND;

-- mem0-graph: nodes and edges, as Mem0 keeps them
CREATE TABLE IF NOT EXISTS "Mem0Graph" ("node_id" string, "edge_id" string, "relationship_type" string, "created_at" number)
  PRIMARY KEY ("node_id" HASH, "edge_id" RANGE)
  BILLING MODE ON DEMAND
  GSI ("RelationshipTypeIndex" ON ("relationship_type" HASH, "created_at" RANGE) PROJECTING ALL BILLING MODE ON DEMAND);
