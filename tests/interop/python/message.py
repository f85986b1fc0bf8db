"""canvas-memory's message shape to and from LangChain's message classes."""

from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

CLASSES = {
    "user": HumanMessage,
    "assistant": AIMessage,
    "system": SystemMessage,
    "tool": ToolMessage,
    "function": FunctionMessage,
}
ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "function"}


def to_langchain(shape):
    fields = {name: value for name, value in shape.items() if name not in ("role", "tool_calls")}
    if "tool_calls" in shape:
        fields["tool_calls"] = [
            {"id": call["id"], "name": call["name"], "args": call["arguments"], "type": "tool_call"}
            for call in shape["tool_calls"]
        ]
    role = shape["role"]
    if role in CLASSES:
        return CLASSES[role](**fields)
    return ChatMessage(role=role, **fields)


def from_langchain(message):
    shape = {"role": ROLES.get(message.type) or message.role, "content": message.content}
    if tool_calls := getattr(message, "tool_calls", None):
        shape["tool_calls"] = [
            {"id": call["id"], "name": call["name"], "arguments": call["args"]} for call in tool_calls
        ]
    for field in ("tool_call_id", "name", "id"):
        if (value := getattr(message, field, None)) is not None:
            shape[field] = value
    for field in ("additional_kwargs", "response_metadata"):
        if value := getattr(message, field):
            shape[field] = value
    return shape
