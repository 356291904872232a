"""Whether a question asks which files there are, or how many: what stands in no file.

The whole question must be of that kind. One on what the files say ("which files must be signed",
"知问支持哪些文件格式") has words that no pattern here allows, and is searched for like any other.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from server.analysis import fold
from server.llm.set_phrases import language_of

_LONGEST = 80

_BASE_ZH = "知识库"
_POLITE_ZH = re.compile(
    r"^(?:请问|请|麻烦|帮我|帮忙|给我|告诉我|我想知道|想知道|我想看看|能不能|可以|能否|能)+|[呢啊呀吗嘛吧]+$"
)
_FILES_ZH = r"(?:文件|文档)"
_WHICH_ZH = r"(?:哪些|哪几[个份篇]|些?什么|多少[个份篇]?|几[个份篇])"
_SOME_ZH = r"(?:所有|全部|现有|已有|我|已经|已|上传|导入|入库|收录|过|了|的)"
_ALL_ZH = rf"{_SOME_ZH}*"
_HOW_ZH = r"(?:一共|总共|共|目前|现在|当前|已经|已|都|里面|里|我|你|这里)*"
_WHERE_ZH = (
    r"(?:在|从|这个|这些|这[两几]个|本|该|当前|目前|现在|我的|你的|我们的|整个|选中的|所选的)*"
    rf"(?:{_BASE_ZH}[和与及、]?)+(?:里面|里边|里头|里|中|内|下|当中)?"
)
_HERE_ZH = r"(?:(?:你|我|这)(?:这里|这儿|里|儿)?)"
_HOLDS_ZH = r"(?:有|包含|包括|收录|存|保存|存储|上传|导入|放|装)了?"
_FORMS_ZH = re.compile(
    "|".join(
        (
            rf"(?:{_WHERE_ZH}){_HOW_ZH}{_HOLDS_ZH}{_WHICH_ZH}(?:{_FILES_ZH}|资料|材料|文章|东西)",
            rf"(?:{_WHERE_ZH}){_HOW_ZH}有(?:些什么|什么|多少|哪些)(?:内容)?",
            rf"{_HERE_ZH}?{_HOW_ZH}(?:有|收录了|上传了|上传过|导入了){_WHICH_ZH}{_FILES_ZH}",
            rf"(?:多少|几)[个份篇]{_FILES_ZH}",
            rf"(?:{_WHERE_ZH}的?{_ALL_ZH}|{_SOME_ZH}+){_FILES_ZH}{_HOW_ZH}有{_WHICH_ZH}",
            rf"(?:{_WHERE_ZH}的?)?{_FILES_ZH}(?:总数|数量|数目|个数)(?:是|有)?(?:多少)?",
            rf"(?:{_WHERE_ZH}的?){_ALL_ZH}{_FILES_ZH}(?:列表|清单|目录|名单)(?:是什么|有哪些)?",
            r"(?:文件|文档)列表",
            rf"(?:列出|列举|罗列|列一下|显示|展示)(?:一下)?(?:{_WHERE_ZH}的?)?{_ALL_ZH}{_FILES_ZH}的?(?:名称|名字|名|列表|清单)?",
            rf"(?:查看|看看|看一下)(?:{_WHERE_ZH}的?)?(?:所有|全部)的?{_FILES_ZH}(?:名称|名字|名|列表|清单)?",
            rf"把(?:{_WHERE_ZH}的?)?{_ALL_ZH}{_FILES_ZH}的?(?:名称|名字|名|列表|清单)?都?(?:列|显示|展示)(?:出来|一下|给我)",
        )
    )
)
_BASE_EN = "knowledge base"
_POLITE_EN = re.compile(r"^(?:please |can you |could you |would you |tell me |i want to know )+| please$")
_FILES_EN = r"(?:the )?(?:files?|documents?|docs?)(?: names?)?"
_SCOPE_EN = rf"(?:this|the|these|my|our|your|that|both|all|selected|current| )*{_BASE_EN}s?(?: (?:and )?{_BASE_EN})*"
_IN_EN = rf"(?: (?:in|inside|within|of|from|into|to) {_SCOPE_EN}| (?:in )?here| there| you have| i have)"
_UPLOADED_EN = r"(?: (?:uploaded|indexed|available|stored|loaded))"
_FORMS_EN = re.compile(
    "|".join(
        (
            rf"(?:what|which|how many) {_FILES_EN} (?:are|is)(?: there)?{_UPLOADED_EN}?{_IN_EN}",
            rf"(?:what|which|how many) {_FILES_EN} (?:are|is) (?:there|uploaded|indexed|available)",
            rf"(?:what|which|how many) {_FILES_EN} (?:have|has|were|was)(?: been)?{_UPLOADED_EN}{_IN_EN}?",
            rf"(?:what|which|how many) {_FILES_EN} (?:do|did|have) (?:you|i|we) (?:have|uploaded?|hold)"
            rf"(?: access to)?{_IN_EN}?",
            rf"(?:what|which|how many) {_FILES_EN} (?:does|do) {_SCOPE_EN} (?:have|hold|contain|include)",
            rf"how many {_FILES_EN}(?:{_IN_EN})?",
            rf"(?:what|which) {_FILES_EN}{_IN_EN}",
            rf"what (?:is|s|are) (?:in|inside) {_SCOPE_EN}",
            rf"what does {_SCOPE_EN} (?:hold|contain|include)",
            r"(?:list|show|give|enumerate)(?: me)?(?: (?:a|the) list of)?(?: all)?(?: of)?(?: the| my| your)?"
            rf"{_UPLOADED_EN}? {_FILES_EN}{_UPLOADED_EN}?{_IN_EN}?",
        )
    )
)


def asks_for_files(question: str, names: Sequence[str] = ()) -> bool:
    """Whether the list of files is the answer. `names` are the knowledge bases that are asked, by which it may go."""
    if len(question) > _LONGEST:
        return False
    chinese = language_asked(question, names) == "zh"
    plain, forms, polite, base = (
        (_letters, _FORMS_ZH, _POLITE_ZH, _BASE_ZH) if chinese else (_words, _FORMS_EN, _POLITE_EN, _BASE_EN)
    )
    text = polite.sub("", plain(question))
    called = "|".join(re.escape(name) for name in sorted(map(plain, names), key=len, reverse=True) if name)
    with_base = re.sub(rf"(?<![a-z0-9])(?:{called})(?![a-z0-9])", base, text) if called else text
    return any(forms.fullmatch(each) is not None for each in dict.fromkeys((text, with_base, _joined(with_base))))


def language_asked(question: str, names: Iterable[str]) -> Literal["zh", "en"]:
    """The language of a question, whatever that of the names in it."""
    named = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    return language_of(re.sub(named, " ", question, flags=re.IGNORECASE) if named else question)


def _letters(text: str) -> str:
    """Without blanks and punctuation, which Chinese puts where it likes."""
    return re.sub(r"[\W_]+", "", fold(text))


def _words(text: str) -> str:
    return re.sub(r"[\W_]+", " ", fold(text)).strip()


def _joined(text: str) -> str:
    """The text with one base where a name stands beside the word: "knowledge base samples"."""
    return re.sub(rf"{_BASE_EN}(?: {_BASE_EN})+", _BASE_EN, text)
