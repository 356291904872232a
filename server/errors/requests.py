"""What is wrong with a request itself, or with who sends it."""

from server.errors.base import AccessDenied, InvalidInput


class BadName(InvalidInput):
    """A name that could leave its folder, or that no file system takes. Detail: name, reason_en, reason_zh."""

    code = "bad_name"
    en = 'The name "{name}" cannot be used: {reason_en}. Choose another name.'
    zh = "名称“{name}”不能使用：{reason_zh}。请换一个名称。"


class BlankName(BadName):
    """No name at all: nothing is called like that, so it is told as what is not found. Detail: name."""

    code = "blank_name"
    en = "The name is blank. Enter a name and send it again."
    zh = "名称不能为空，请填写名称后重新发送。"


class EmptyQuestion(InvalidInput):
    """Nothing was asked."""

    code = "empty_question"
    en = "The question is empty. Type a question and send it again."
    zh = "问题是空的，请输入问题后再发送。"


class QuestionTooLong(InvalidInput):
    """More than a model can take in. Detail: limit (tokens)."""

    code = "question_too_long"
    en = "The question is too long (about {limit} tokens fit). Shorten it, or put the text into a knowledge base."
    zh = "问题过长（约可容纳 {limit} 个 token），请缩短问题，或把文本放入知识库后再提问。"


class NotSupported(InvalidInput):
    """A field of the request asks for something this version does not do. Detail: field."""

    code = "not_supported"
    en = 'The field "{field}" is not supported yet. Leave it out and send the request again.'
    zh = "字段“{field}”暂不支持，请去掉后重新发送。"


class OptionNotSupported(InvalidInput):
    """A field of the OpenAI protocol that this model does not take. Detail: field, name, reason_en, reason_zh."""

    code = "option_not_supported"
    en = '"{name}" does not take the field "{field}": {reason_en}. Leave it out, or ask another model.'
    zh = "“{name}”不支持字段“{field}”：{reason_zh}。请去掉该字段，或换用其他模型。"


class PromptNotFound(InvalidInput):
    """No prompt template of that name. Detail: mode, name, known."""

    code = "prompt_not_found"
    en = 'There is no prompt template "{name}" for {mode}. Known templates: {known}.'
    zh = "{mode} 没有名为“{name}”的提示词模板，可用的有：{known}。"


class UnknownPart(InvalidInput):
    """No vector store, splitter or engine of that name. Detail: name, known, kind_en, kind_zh."""

    code = "unknown_part"
    en = 'There is no {kind_en} "{name}". There are: {known}.'
    zh = "没有名为“{name}”的{kind_zh}，可用的有：{known}。"


class BadSetting(InvalidInput):
    """A setting of a knowledge base that does not fit the others. Detail: name, reason_en, reason_zh."""

    code = "bad_setting"
    en = 'The setting "{name}" cannot be used: {reason_en}. Change it and send the request again.'
    zh = "设置“{name}”不能使用：{reason_zh}。请修改后重新提交。"


class BackupUnreadable(InvalidInput):
    """Detail: name, reason_en, reason_zh."""

    code = "backup_unreadable"
    en = 'The backup "{name}" cannot be imported: {reason_en}. Name an SQLite file of Zhiwen or Langchain-Chatchat.'
    zh = "无法导入备份“{name}”：{reason_zh}。请指定知问或 Langchain-Chatchat 的 SQLite 文件。"


class ForeignRequest(AccessDenied):
    """Without an API key only programs and pages of this machine are served. Detail: header, value."""

    code = "foreign_request"
    en = (
        "Without an API key this service answers only this machine, not {header}: {value}. "
        "Use http://127.0.0.1, or set security.api_key."
    )
    zh = (
        "未设置 API 密钥时，该服务只响应本机请求，不接受 {header}: {value}。"
        "请使用 http://127.0.0.1，或设置 security.api_key。"
    )
