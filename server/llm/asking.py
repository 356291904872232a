"""What a question asks of the built-in reader: its terms, the names in it, and the kind of answer it wants."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from server.analysis import fold, has_cjk, terms

_ASKING = re.compile(
    r"为什么|为何|什么样|什么时候|什么时间|什么地方|时候|什么|哪些|哪个|哪种|哪位|哪里|哪儿|哪一?[天年月日]|哪一\w?|哪|"
    r"如何|怎么样|怎么|怎样|怎么办|多少|多久|多长时间|多长|多大|"
    r"多高|多远|几[个种天年次人岁位月点号层页条]|几小时|几分钟|以后|之内|以内|是否|能否|可否|有没有|何时|何地|何人|何种|谁|请问|请|一下|介绍|告诉我|说明|"
    r"列出|列举|罗列|所有的?(?![权者制])|全部|分别|对比|区别|总结|概括|"
    r"最多|最少|至少|一般|通常|应该|可以|需要|吗|呢|"
    r"\bhow (?:long|many|much|far|often|quickly|fast|soon|large|big|old|high)\b",
    re.I,
)
_COUNTING = re.compile(
    r"多少|几|何时|时候|时间|日期|哪一?[年天月日]|年代|多大|多长|多高|多远|"
    r"when|how (?:many|much|long|old|far)|year|date",
    re.I,
)
_LISTING = re.compile(
    r"列出|列举|罗列|所有(?![权者制])|全部|哪些|哪几|名单|清单|一览|\b(?:list|all|every|which .+s)\b", re.I
)
_DEFINING = re.compile(
    r"^(?:请问)?什么是(.+?)[？?]?$|^(.+?)(?:指的)?是个?什么(?:意思)?[？?]?$|"
    r"^what (?:is|are) (?:an? |the )?(.+?)\??$",
    re.I,
)
_CODE = re.compile(r"(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]+")
# What stands for one thing: a code, a day, a number with what it counts; in a Chinese question also a foreign word.
_NAME = re.compile(
    r"(?=[a-z0-9._/-]*\d)(?=[\d._/-]*[a-z])[a-z0-9]+(?:[-._/][a-z0-9]+)*|\d+月\d+[日号]|第\d+[^\W\d]|"
    r"\d+(?:\.\d+)?(?:个月|[月日号天年元岁层级章节条款页周%])|\d{3,}"
)
_YEAR = re.compile(r"(?<=\d{4})年$")
_FOREIGN = re.compile(r"[a-z][a-z0-9+#]+")
_PARTICLES = frozenset("的是了在和与及为被把吗呢于之其也就而着这那由从到")
# By themselves they say as little, but they are halves of words: 上海, 中国, 会议, 有效.
HALVES = frozenset("有以中都过个对上下能要会")
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be by can could did do does for from had has have how i in into is it its many much me "
        "my of on or our please say says tell than that the their them there these they this those to was we were what "
        "when where which who whom whose why will with would you your about",
    )
)


@dataclass(frozen=True, slots=True)
class Asking:
    """A question as the reader sees it.

    `subject` is what a definition is wanted of; `names` are folded texts that stand for one thing each.
    """

    terms: frozenset[str]
    names: tuple[str, ...]
    counting: bool
    listing: bool
    subject: str

    @classmethod
    def of(cls, question: str) -> "Asking":
        """Read a question."""
        defining = _DEFINING.search(question)
        subject = "".join(part or "" for part in defining.groups()).strip().lower() if defining else ""
        return cls(
            meaning(_ASKING.sub(" ", question)) or meaning(question),
            _names(question),
            _COUNTING.search(question) is not None,
            _LISTING.search(question) is not None,
            subject,
        )

    def codes(self) -> list[str]:
        """The terms that are a model or number, such as X300."""
        return [term for term in self.terms if _CODE.fullmatch(term)]


def meaning(text: str) -> frozenset[str]:
    """The terms of a text that say something."""
    return frozenset(
        _stem(term)
        for term in terms(text)
        if term not in _FUNCTION_WORDS and term not in HALVES and not (has_cjk(term) and _PARTICLES.intersection(term))
    )


def names_in(names: Collection[str], text: str) -> bool:
    """Whether a folded text holds one of the names as a whole."""
    return any(re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", text) for name in names)


def _names(question: str) -> tuple[str, ...]:
    folded = fold(question)
    found = [_YEAR.sub("", name) for name in _NAME.findall(folded)]
    if has_cjk(question):
        found += [word for word in _FOREIGN.findall(folded) if word not in _FUNCTION_WORDS]
    return tuple(dict.fromkeys(found))


def _stem(term: str) -> str:
    """Fold the commonest endings of English words."""
    if term.isascii() and term.isalpha() and len(term) > 4:
        return re.sub(r"(?:ies|es|s|ing|ed|e|y)$", "", term)
    return term
