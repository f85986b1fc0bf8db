"""LangChain Python's DynamoDB chat history on the command line."""

from langchain_community.chat_message_histories import DynamoDBChatMessageHistory

from cli import placeholder_aws_environment, run


def add_options(parser):
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--partition-key", required=True)
    parser.add_argument("--sort-key")
    parser.add_argument("--sort-value", help="the class takes any; without it the sort key's name, as LangChain JS does")
    parser.add_argument("--messages-attribute", default="History")
    parser.add_argument("--ttl-attribute", default="expireAt")
    parser.add_argument("--history-size", type=int)


def open_history(options):
    key = {options.partition_key: options.session}
    if options.sort_key:
        key[options.sort_key] = options.sort_value or options.sort_key
    placeholder_aws_environment()
    return DynamoDBChatMessageHistory(
        table_name=options.table,
        session_id=options.session,
        endpoint_url=options.endpoint,
        key=key,
        ttl=options.ttl,
        ttl_key_name=options.ttl_attribute,
        history_size=options.history_size,
        history_messages_key=options.messages_attribute,
        # Without it boto3 refuses every float, as in a tool call's arguments.
        coerce_float_to_decimal=True,
    )


run(add_options, open_history)
