// The storage behaviour of the canvas node DynamoDBChatMemory, over the real SDK.
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { mapStoredMessageToChatMessage } from "@langchain/core/messages";
import { awsConfig, run } from "./cli.mjs";
import { storedMessage } from "./flowise_message.mjs";

class DynamoDBChatMemory {
  constructor({ endpoint, table, "partition-key": partitionKey, session }) {
    this.client = new DynamoDBClient(awsConfig(endpoint));
    this.item = { TableName: table, Key: { [partitionKey]: { S: session } } };
  }

  // One call a message, so two a turn: nothing makes a turn whole.
  async addMessage(message) {
    const { type, data } = storedMessage(message);
    await this.client.send(
      new UpdateItemCommand({
        ...this.item,
        UpdateExpression: "SET #m = list_append(if_not_exists(#m, :empty), :new)",
        ExpressionAttributeNames: { "#m": "messages" },
        ExpressionAttributeValues: {
          ":empty": { L: [] },
          ":new": { L: [{ M: { type: { S: type }, text: { S: data.content } } }] },
        },
      }),
    );
  }

  async getMessages() {
    const { Item } = await this.client.send(new GetItemCommand(this.item));
    const messages = [];
    for (const { M } of Item?.messages?.L ?? []) {
      // Reading `.S` of a missing attribute throws, and with it the whole history is lost: so does the node.
      const type = M?.type.S;
      const content = M?.text.S;
      if (type !== undefined && content !== undefined) {
        messages.push(mapStoredMessageToChatMessage({ type, data: { content, role: M.role?.S } }));
      }
    }
    return messages;
  }

  async clear() {
    await this.client.send(new DeleteItemCommand(this.item));
  }
}

await run(
  { endpoint: true, table: true, "partition-key": true, session: true },
  (options) => new DynamoDBChatMemory(options),
);
