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
    """Runs `write`, `read` or `clear` on the history that `open_history` returns for the parsed options."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("operation", choices=["write", "read", "clear"])
    parser.add_argument("--session", required=True)
    parser.add_argument("--ttl", type=int)
    parser.add_argument("--raw", action="store_true")
    add_options(parser)
    options = parser.parse_args()
    try:
        history = open_history(options)
        if options.operation == "write":
            for message in json.load(sys.stdin):
                history.add_message(to_langchain(message))
        elif options.operation == "clear":
            history.clear()
        else:
            show = message_to_dict if options.raw else from_langchain
            print(json.dumps([show(m) for m in history.messages], default=plain))
    except Exception:
        traceback.print_exc()
        sys.exit(1)


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
