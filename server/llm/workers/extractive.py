"""The built-in reader as a FastChat worker, not a language model: `python -m server.llm.workers.extractive`."""

from collections.abc import Sequence

from server.llm.fastchat.options import start_logging, worker_parser
from server.llm.prompt_parts import parse_question, parse_sources
from server.llm.reader import read
from server.llm.set_phrases import NO_SUPPORT, language_of, reply
from server.llm.workers.text_worker import TextWorker, run_worker
from server.types import Message

NO_SOURCES = {
    "zh": (
        "我是 {name}，一个只会摘录文档原句的阅读器，不是大语言模型，没有文档时无法回答问题。"
        "请选择一个知识库再提问，我会摘出最能回答问题的句子并标明出处。\n\n"
        "要自由对话，请安装大语言模型：在“模型”页面下载并启动（也可运行 "
        "`python startup.py --download Qwen2.5-1.5B-Instruct`），然后在提问时选用；"
        "也可以在设置 `[providers]` 中接入在线模型。"
    ),
    "en": (
        "I am {name}, a reader that quotes sentences from documents. I am not a language model and cannot answer "
        "without documents. Choose a knowledge base and ask again: I will quote the sentences that answer best, with "
        "their sources.\n\n"
        "To chat freely, install a language model: fetch and start one on the page “Models” (or fetch it with "
        "`python startup.py --download Qwen2.5-1.5B-Instruct`), then choose it when you ask; or set up a service in "
        "`[providers]`."
    ),
}


class ExtractiveWorker(TextWorker):
    """Quotes the sources that the last message brings along."""

    def answer(self, messages: Sequence[Message]) -> str:
        """Quotes with marks, or plain words on why there are none."""
        asked = messages[-1].content
        sources, question = parse_sources(asked), parse_question(asked)
        if question is None:
            return reply(asked) or NO_SOURCES[language_of(asked)].format(name=self.model_names[0])
        if not sources:
            return NO_SUPPORT[language_of(question)]
        return read(question, sources) or NO_SUPPORT[language_of(question)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the worker until it is told to end."""
    options = worker_parser("the built-in reader, which quotes documents").parse_args(arguments)
    start_logging(options.log_level)
    run_worker(ExtractiveWorker(options), options)


if __name__ == "__main__":
    main()
