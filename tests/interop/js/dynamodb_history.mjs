// LangChain JS's DynamoDB chat history on the command line.
import { DynamoDBChatMessageHistory } from "@langchain/community/stores/message/dynamodb";
import { awsConfig, run } from "./cli.mjs";

const OPTIONS = {
  endpoint: true,
  table: true,
  "partition-key": true,
  "sort-key": false,
  "messages-attribute": false,
  session: true,
};

await run(
  OPTIONS,
  (options) =>
    new DynamoDBChatMessageHistory({
      tableName: options.table,
      partitionKey: options["partition-key"],
      sortKey: options["sort-key"],
      messageAttributeName: options["messages-attribute"],
      sessionId: options.session,
      config: awsConfig(options.endpoint),
    }),
);
