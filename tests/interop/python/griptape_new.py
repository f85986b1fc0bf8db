"""Sessions of griptape 1.13."""

from attrs import define, field
from griptape.artifacts import TextArtifact
from griptape.common import Message, TextMessageContent
from griptape.configs import Defaults
from griptape.configs.drivers import DriversConfig
from griptape.drivers.memory.conversation.amazon_dynamodb import AmazonDynamoDbConversationMemoryDriver
from griptape.drivers.prompt import BasePromptDriver
from griptape.memory.structure import ConversationMemory, SummaryConversationMemory
from griptape.structures import Agent
from griptape.tokenizers import SimpleTokenizer


@define(kw_only=True)
class Model(BasePromptDriver):
    """Answers what a function says: no network."""

    answer = field()
    model = field(default="function")
    tokenizer = field(factory=lambda: SimpleTokenizer(characters_per_token=4, max_input_tokens=10**6, max_output_tokens=10**6))
    max_attempts = field(default=1)

    def try_run(self, prompt_stack):
        answer = self.answer([[message.role, message.to_text()] for message in prompt_stack.messages])
        if answer is None:
            raise RuntimeError("the model has no answer")
        usage = Message.Usage(input_tokens=1, output_tokens=1)
        return Message([TextMessageContent(TextArtifact(answer))], role=Message.ASSISTANT_ROLE, usage=usage)

    def try_stream(self, prompt_stack):
        raise NotImplementedError


def open_memory(options, summarise):
    driver = AmazonDynamoDbConversationMemoryDriver(
        table_name=options.table,
        partition_key=options.partition_key,
        partition_key_value=options.session,
        value_attribute_key=options.value_attribute,
        sort_key=options.sort_key,
        sort_key_value=options.sort_value if options.sort_number is None else options.sort_number,
    )
    if options.offset is None:
        return ConversationMemory(conversation_memory_driver=driver, max_runs=options.max_runs)
    return SummaryConversationMemory(
        conversation_memory_driver=driver,
        max_runs=options.max_runs,
        offset=options.offset,
        prompt_driver=Model(answer=summarise),
    )


def ask(memory, text, answer):
    # Whatever is not given would be OpenAI's.
    Defaults.drivers_config = DriversConfig(prompt_driver=Model(answer=answer))
    Agent(conversation_memory=memory).run(text)
