"""Mem0's own history in SQLite: adds what standard input holds, and prints what it then reads.

Standard input: {"records": [...], "batches": [[message, ...], ...]}. Standard output: {"history": {memory id: [record, ...]},
"messages": [message, ...]}.
"""

import importlib.util
import json
import pathlib
import sys


def sqlite_manager():
    # By its file: the package imports every store and model that it knows.
    package = pathlib.Path(importlib.util.find_spec("mem0").origin).parent
    spec = importlib.util.spec_from_file_location("mem0_storage", package / "memory/storage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SQLiteManager()


def main():
    given = json.load(sys.stdin)
    database = sqlite_manager()
    database.batch_add_history(given["records"])
    for batch in given["batches"]:
        database.save_messages(batch, "user_id=alice")
    memories = dict.fromkeys(record["memory_id"] for record in given["records"])
    history = {memory: database.get_history(memory) for memory in memories}
    json.dump({"history": history, "messages": database.get_last_messages("user_id=alice")}, sys.stdout)


main()
