"""Sessions of griptape 0.25."""

from attrs import define, field
from griptape.artifacts import TextArtifact
from griptape.config import StructureConfig, StructureGlobalDriversConfig
from griptape.drivers import AmazonDynamoDbConversationMemoryDriver, BasePromptDriver
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
        answer = self.answer([[message.role, message.content] for message in prompt_stack.inputs])
        if answer is None:
            raise RuntimeError("the model has no answer")
        return TextArtifact(answer)

    def try_stream(self, prompt_stack):
        raise NotImplementedError


def open_memory(options, summarise):
    driver = AmazonDynamoDbConversationMemoryDriver(
        table_name=options.table,
        partition_key=options.partition_key,
        partition_key_value=options.session,
        value_attribute_key=options.value_attribute,
    )
    if summarise is None:
        # Opening a memory adds every run anew, and summarizes anew; the driver gives what is stored.
        return driver.load() or ConversationMemory()
    if options.offset is None:
        return ConversationMemory(driver=driver, max_runs=options.max_runs)
    return SummaryConversationMemory(
        driver=driver, max_runs=options.max_runs, offset=options.offset, prompt_driver=Model(answer=summarise)
    )


def ask(memory, text, answer):
    config = StructureConfig(global_drivers=StructureGlobalDriversConfig(prompt_driver=Model(answer=answer)))
    Agent(conversation_memory=memory, config=config).run(text)
