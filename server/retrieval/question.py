"""A question as the indexes see it: without the words that only make it a question."""

import re

from server.analysis import terms

# Longer phrases first. Chinese has no blanks, so these are cut out of the running text before it is analysed.
_CHINESE = re.compile(
    "请问|告诉我|列出|列举|罗列|所有(?![权者制])|全部|分别|什么地方|什麼地方|为什么|为什麼|為什麼|什么时候|什麼時候|什么|什麼|哪些|哪一[个個年]?|哪[个個里裡年位种種天]|多少|多久|多长|如何|怎么样"
    "|怎么|怎樣|怎样|是否|是不是|有没有|有沒有|能不能|可不可以|哪(?!吒)|[吗嗎呢吧啊的了是在被由于几幾谁誰]"
)
_ENGLISH = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|many|much|is|are|was|were|do|does|did|can|could|should|the|a|an"
    r"|of|to|in|on|for|i|my|please|tell|me)\b",
    re.IGNORECASE,
)


def keywords(question: str) -> str:
    """The question without question words; the question itself when nothing else is in it."""
    left = _ENGLISH.sub(" ", _CHINESE.sub(" ", question))
    return left if terms(left) else question
