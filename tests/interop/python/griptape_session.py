"""A griptape session in a DynamoDB table on the command line; see ../README.md for the contract."""

import argparse
import importlib.metadata
import json
import logging
import os
import sys
import traceback

release = importlib.metadata.version("griptape")
if release.startswith("0."):
    from griptape_old import ask, open_memory
else:
    from griptape_new import ask, open_memory


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--partition-key", default="id")
    parser.add_argument("--session", required=True)
    parser.add_argument("--value-attribute", default="value")
    parser.add_argument("--sort-key")
    parser.add_argument("--sort-value")
    parser.add_argument("--sort-number", type=int)
    parser.add_argument("--max-runs", type=int)
    parser.add_argument("--offset", type=int, help="open it as a SummaryConversationMemory that leaves so many runs out")
    options = parser.parse_args()
    # griptape logs to standard output, which is for answers here.
    logging.disable(logging.CRITICAL)
    # An emulator that checks no keys takes these.
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = options.endpoint
    for line in sys.stdin:
        print(json.dumps(answer_to(json.loads(line), options)), flush=True)


def answer_to(request, options):
    try:
        return {"result": perform(request, options)}
    except Exception:
        return {"error": traceback.format_exc()}


def perform(request, options):
    match request["operation"]:
        case "read":
            return shown(open_memory(options, summarise=None))
        case "ask":
            prompts = []

            def answer(prompt):
                prompts.append(prompt)
                return request["answer"]

            memory = open_memory(options, summarise=lambda _: request.get("summary"))
            ask(memory, request["input"], answer)
            return prompts
        case other:
            raise ValueError(f"no such operation: {other}")


def shown(memory):
    """What griptape made of the item."""
    return {
        "runs": [shown_run(run) for run in memory.runs],
        "summary": getattr(memory, "summary", None),
        "summary_index": getattr(memory, "summary_index", None),
        "meta": getattr(memory, "meta", None),
    }


def shown_run(run):
    text = lambda side: side if isinstance(side, str) else side.to_text()
    return {
        "id": run.id,
        "input": text(run.input),
        "output": text(run.output),
        "meta": getattr(run, "meta", None),
    }


main()
