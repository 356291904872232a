"""Follow-up questions: which need what was asked before, and how they are made to stand alone by rule.

The test is cheap and errs on the side of "stands alone": a question that is carried along needlessly searches for the
old topic as well. The rule puts the named thing of the earlier question in the place of a pronoun, or one code in the
place of another, and else carries the words of the earlier question along.
"""

import re
from collections.abc import Sequence

from server.analysis import has_cjk, terms
from server.retrieval.question import keywords

_PRONOUN_ZH = re.compile(
    r"它们|他们|她们|它|(?<![其])他(?![人国])|她|这(?:个|些|种|款|台|项|本|份|条|里|样|时|)|那(?:个|些|种|款|台|项|本|份|条|里|样|时)|"
    r"^其中|其(?![他它中实余次])|(?<!应)该(?=[产公政制规文设型版])|前者|后者|上述|(?<![因如彼])此(?![外前后])"
)
_ORDINAL = re.compile(
    r"第[一二三四五六七八九十\d]+[个项条种步点]|\bthe (?:first|second|third|last|other) (?:one|step|point)\b", re.I
)
_LEADING_ZH = re.compile(
    r"^(?:那么|那|还有|另外|此外|再|以及|而|换成|如果换成|要是|如果是|如果|若是|对于|至于|然后|还)+[，,]?"
)
_TRAILING_ZH = re.compile(r"呢[？?。]?\s*$")
_PRONOUN_EN = re.compile(
    r"\b(?:its|it|they|them|their|theirs|this|that|these|those|there|he|she|his|her|him|one|ones)\b", re.I
)
_LEADING_EN = re.compile(
    r"^(?:and|but|or|so|then|also|what about|how about|what if|and what about|and how about|and what if|what else|"
    r"same for|only|even)\b[\s,]*(?:for|with|on|in|to)?\b\s*",
    re.I,
)
_CODE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9-]*\d)[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)+")
# Of one make with another one: E07 and E12.
_SHORT_CODE = re.compile(r"(?<![A-Za-z0-9-])(?=[A-Za-z]*\d)[A-Za-z]+\d+(?![A-Za-z0-9-])")
_QUOTED = re.compile(r"[《“「『\"]([^》”」』\"]{2,30})[》”」』\"]")
_OWNER = re.compile(r"^(?:请问|那么|那|在|关于|我们|公司)*(?P<owner>[^，,。；;？?]{2,24}?)的")
_CLAUSE = re.compile(r"[，,；;。]")
_VERBS = re.compile(r"怎么|如何|可以|能|会|要|去|出差|满|做|写|用|把|被|让|给")
_SHORT_ZH = 2
_SHORT_EN = 1
_PRONOUN_ROOM_EN = 3
_SHORT_QUESTION_ZH = 6
_LONGEST = 120
_ENDS = "？?。.！!，, "


def needs_context(question: str) -> bool:
    """Whether a question cannot be understood without the ones before it."""
    text = question.strip()
    if has_cjk(text):
        return _needs_context_zh(text)
    words = _content_en(text)
    if _LEADING_EN.match(text) and len(words) <= 2 * _PRONOUN_ROOM_EN:
        return True
    if _ORDINAL.search(text):
        return True
    return len(words) <= _SHORT_EN or (bool(_PRONOUN_EN.search(text)) and len(words) <= _PRONOUN_ROOM_EN)


def _needs_context_zh(text: str) -> bool:
    first = _CLAUSE.split(text, maxsplit=1)[0]
    leading = _LEADING_ZH.match(text)
    if _PRONOUN_ZH.search(first) or _ORDINAL.search(first):
        return True
    if leading and (_TRAILING_ZH.search(text) or leading.group().startswith(("那", "换", "要是", "还", "再"))):
        return True
    left = _words_of(text)
    return len(left) <= _SHORT_ZH or bool(_TRAILING_ZH.search(text) and len(left) <= 3 * _SHORT_ZH)


def _words_of(text: str) -> str:
    """The letters of a question that are about something."""
    return "".join(re.findall(r"\w", keywords(text))) if keywords(text) != text else ""


def _content_en(text: str) -> list[str]:
    left = keywords(_PRONOUN_EN.sub(" ", _LEADING_EN.sub("", text)))
    return [word for word in re.findall(r"\w+", left) if not _PRONOUN_EN.fullmatch(word)]


def standalone(question: str, earlier: Sequence[str]) -> str:
    """The question with what it takes from the earlier ones (oldest first); unchanged where it stands alone."""
    topic = ""
    for text in (*earlier, question):
        topic = _joined(text, topic) if topic and needs_context(text) else text
    return topic


def carried(question: str, earlier: Sequence[str]) -> str:
    """A short question with the words of the one before, for when it found nothing alone; empty when it is long."""
    words = len(_words_of(question)) if has_cjk(question) else len(_content_en(question))
    if not earlier or words > (_SHORT_QUESTION_ZH if has_cjk(question) else _PRONOUN_ROOM_EN):
        return ""
    return _joined(question, standalone(earlier[-1], earlier[:-1]))


def _joined(question: str, topic: str) -> str:
    bare = _bare(question)
    codes = _CODE.findall(bare)
    if codes and _CODE.search(topic) and len(terms(_CODE.sub(" ", keywords(bare)))) == 0:
        return _CODE.sub(codes[0], topic, count=1)
    if alike := _same_make(bare, topic):
        return topic.replace(alike, bare.strip(_ENDS), 1)
    entity = _entity(topic)
    pronoun = _PRONOUN_ZH if has_cjk(question) else _PRONOUN_EN
    if entity and pronoun.search(bare):
        return pronoun.sub(lambda _: entity, bare, count=1)
    asked = pronoun.sub(" ", _ORDINAL.sub(" ", bare))
    comma = "，" if has_cjk(topic) else ", "
    return " ".join(f"{topic.rstrip(_ENDS)[:_LONGEST]}{comma}{asked.strip()}".split())


def _same_make(bare: str, topic: str) -> str:
    """What of the topic a bare name takes the place of: E07 for E12, 绿茶 for 红茶; empty where that is not plain."""
    name = bare.strip(_ENDS)
    if _SHORT_CODE.fullmatch(name):
        letters = name.rstrip("0123456789")
        return next((code for code in _SHORT_CODE.findall(topic) if code.rstrip("0123456789") == letters), "")
    found = _OWNER.match(topic)
    owner = found.group("owner").strip() if found else ""
    alike = has_cjk(name) and owner[-1:] == name[-1:] and abs(len(owner) - len(name)) <= 1 and owner != name
    return owner if alike and not _VERBS.search(owner + name) and keywords(name) == name else ""


def _bare(question: str) -> str:
    """The question without the words that only tie it to the one before."""
    text = _TRAILING_ZH.sub("", _LEADING_ZH.sub("", question.strip()))
    return _LEADING_EN.sub("", text) or question


def _entity(topic: str) -> str:
    """The one thing a question is about, where it is plain to see; else empty."""
    if found := _CODE.search(topic):
        return found.group()
    if found := _QUOTED.search(topic):
        return found.group(1)
    # A second clause may speak of somebody else.
    found = None if _CLAUSE.search(topic) else _OWNER.match(topic)
    if found and not _VERBS.search(found.group("owner")) and not _PRONOUN_ZH.search(found.group("owner")):
        return found.group("owner").strip()
    return ""
