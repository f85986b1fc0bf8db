"""The command line that the history scripts here share; see ../README.md for the contract."""

import argparse
import base64
import json
import os
import sys
import traceback

from boto3.dynamodb.types import Binary
from langchain_core.messages import message_to_dict

from message import from_langchain, to_langchain


def run(add_options, open_history):
    """Answers requests on the history that `open_history` returns for the parsed options, opened anew for each."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--session", required=True)
    parser.add_argument("--ttl", type=int)
    add_options(parser)
    options = parser.parse_args()
    for line in sys.stdin:
        answer = answer_to(json.loads(line), lambda: open_history(options))
        print(json.dumps(answer, default=plain), flush=True)


def answer_to(request, open_history):
    try:
        return {"result": perform(request, open_history())}
    except Exception:
        return {"error": traceback.format_exc()}


def perform(request, history):
    match request["operation"]:
        case "write":
            for message in request["messages"]:
                history.add_message(to_langchain(message))
        case "read":
            show = message_to_dict if request.get("raw") else from_langchain
            return [show(message) for message in history.messages]
        case "clear":
            history.clear()
        case other:
            raise ValueError(f"no such operation: {other}")


def plain(value):
    """JSON for what DynamoDB's types become in Python: Decimal, set, Binary."""
    if isinstance(value, Binary):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, set):
        return sorted(value, key=repr)
    return int(value) if value == int(value) else float(value)


def placeholder_aws_environment():
    """An emulator that checks no keys takes these; what the caller set stays."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    os.environ.setdefault("AWS_DEFAULT_REGION", os.environ.get("AWS_REGION", "us-east-1"))
