"""What is said without a model: to greetings and thanks, and when the documents are silent.

A greeting is recognised only when nothing else is said with it.
"""

import re
from typing import Literal

from server.analysis import has_cjk

SmallTalk = Literal["greeting", "thanks", "farewell", "self"]

NO_SUPPORT = {
    "zh": "你的文档里没有这个问题的答案：找到的片段没有回答它。请换一种问法，或把包含答案的文档加入知识库。",
    "en": (
        "This is not in your documents: nothing found in them answers the question. "
        "Ask it in other words, or add a document that answers it."
    ),
}
_REPLIES: dict[SmallTalk, dict[str, str]] = {
    "greeting": {
        "zh": "你好！请就你的文档提问，我会摘出最能回答问题的原句并标明出处。",
        "en": "Hello! Ask about your documents: I quote the sentences that answer best, with their sources.",
    },
    "thanks": {"zh": "不客气！还有问题请继续问。", "en": "You are welcome! Ask on whenever you like."},
    "farewell": {"zh": "再见！", "en": "Goodbye!"},
    "self": {
        "zh": "我是知问的内置阅读器，不是大语言模型：我从你的文档里摘出最能回答问题的原句，并标明出处。",
        "en": (
            "I am the built-in reader of Zhiwen, not a language model: "
            "I quote the sentences of your documents that answer best, with their sources."
        ),
    },
}
_KINDS: dict[SmallTalk, re.Pattern[str]] = {
    "greeting": re.compile(
        r"你好|您好|哈喽|哈啰|嗨|喂|大家好|在吗|在不在|有人吗|(?:早上|上午|中午|下午|晚上)好|早安|晚安|早|你好吗|最近好吗|"
        r"hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|how are you(?: doing)?|how do you do|there"
    ),
    "thanks": re.compile(
        r"(?:非常|十分|太|多)?(?:感谢|谢谢|谢了|谢啦|多谢|谢)(?:[你您]的(?:帮助|回答)|你|您|啦|了|大家)*|辛苦(?:了|你了|您了)?|"
        r"好的|好|嗯+|明白了?|知道了?|了解了?|懂了|收到|没问题|太好了|很好|不错|很棒|真棒|没有了|没事了|不用了|"
        r"(?:many )?thanks?(?: you)?(?: (?:so|very) much| a lot| again)?|thx|cheers|(?:i )?appreciate it|got it|"
        r"i see|okay|ok|great|perfect|nice|cool|very good|good|understood|that helps|that is all|that's all|"
        r"(?:for )?(?:your|the) (?:help|answer)"
    ),
    "farewell": re.compile(r"再见|拜拜|回头见|下次见|bye(?: bye)?|goodbye|see you(?: later)?|good night"),
    "self": re.compile(
        r"你是谁|你是什么|你叫什么(?:名字)?|你能(?:做|干)什么|你会(?:做|干)?什么|介绍一下你自己|你可以(?:做|干)什么|"
        r"who are you|what are you|what can you do(?: for me)?|what is your name"
    ),
}
_FILLING = re.compile(r"[\s,，.。!！?？~～、;；:：…]+|(?<=.)[呀啊啦哦哈呢]+(?=\W|$)|[\U0001f300-\U0001faff]")
_LONGEST = 60


def small_talk(text: str) -> SmallTalk | None:
    """What kind of small talk this is; None when something is asked."""
    if len(text) > _LONGEST:
        return None
    said = " ".join(_FILLING.sub(" ", text.lower()).split())
    # Taken away piece by piece: one pattern with repetitions would try every way to cut a long "谢谢谢谢…".
    return next((kind for kind, pattern in _KINDS.items() if said and not pattern.sub("", said).strip()), None)


def reply(text: str) -> str | None:
    """An answer to small talk, in its language; None when something is asked."""
    kind = small_talk(text)
    return None if kind is None else _REPLIES[kind][language_of(text)]


def language_of(text: str) -> Literal["zh", "en"]:
    """Chinese wherever there is a Chinese character."""
    return "zh" if has_cjk(text) else "en"
