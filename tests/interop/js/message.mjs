// canvas-memory's message shape to and from LangChain's message classes.
import {
  AIMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";

const CLASSES = {
  user: HumanMessage,
  assistant: AIMessage,
  system: SystemMessage,
  tool: ToolMessage,
  function: FunctionMessage,
};

const ROLES = {
  human: "user",
  ai: "assistant",
  system: "system",
  tool: "tool",
  function: "function",
};

export function toLangChain({ role, tool_calls, ...fields }) {
  if (tool_calls) {
    fields.tool_calls = tool_calls.map(({ id, name, arguments: args }) => ({ id, name, args, type: "tool_call" }));
  }
  const Message = CLASSES[role];
  return Message ? new Message(fields) : new ChatMessage({ ...fields, role });
}

export function fromLangChain(message) {
  const shape = { role: ROLES[message.getType()] ?? message.role, content: message.content };
  if (message.tool_calls?.length) {
    shape.tool_calls = message.tool_calls.map(({ id, name, args }) => ({ id, name, arguments: args }));
  }
  for (const field of ["tool_call_id", "name", "id"]) {
    if (message[field] != null) shape[field] = message[field];
  }
  for (const field of ["additional_kwargs", "response_metadata"]) {
    if (Object.keys(message[field] ?? {}).length) shape[field] = message[field];
  }
  return shape;
}
