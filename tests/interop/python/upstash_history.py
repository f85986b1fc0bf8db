"""LangChain Python's Upstash chat history on the command line."""

from langchain_community.chat_message_histories import UpstashRedisChatMessageHistory

from cli import run


def add_options(parser):
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--key-prefix", default="message_store:")


def open_history(options):
    return UpstashRedisChatMessageHistory(
        session_id=options.session,
        url=options.url,
        token=options.token,
        key_prefix=options.key_prefix,
        ttl=options.ttl,
    )


run(add_options, open_history)
