"""Loads a session with griptape and stores it with one run more, for each line on standard input; answers with its runs."""

import sys

from griptape.artifacts import TextArtifact
from griptape.drivers.memory.conversation.amazon_dynamodb import AmazonDynamoDbConversationMemoryDriver
from griptape.memory.structure import ConversationMemory, Run

table, session = sys.argv[1:]
driver = AmazonDynamoDbConversationMemoryDriver(
    table_name=table, partition_key="id", partition_key_value=session, value_attribute_key="value"
)
for _ in sys.stdin:
    memory = ConversationMemory(conversation_memory_driver=driver)
    memory.add_run(Run(input=TextArtifact("a question"), output=TextArtifact("an answer")))
    print(len(memory.runs), flush=True)
