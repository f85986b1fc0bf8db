// What the Flowise memory nodes store of a message: they are handed the text of a person or a model, no more.
import { AIMessage, HumanMessage } from "@langchain/core/messages";

const CLASSES = { human: HumanMessage, ai: AIMessage };

export function storedMessage(message) {
  const Message = CLASSES[message.getType()];
  if (!Message || typeof message.content !== "string") {
    throw new Error(`the canvas node writes only the text of user and assistant messages, not ${message.getType()}`);
  }
  return new Message(message.content).toDict();
}
