"""Errors of the agent, its tools and the MCP servers behind some of them."""

from server.errors.base import AccessDenied, InvalidInput, NotFound, Unavailable, UpstreamFailed


class BadToolArguments(InvalidInput):
    """Detail: name, reason."""

    code = "bad_tool_arguments"
    en = 'The tool "{name}" cannot be called like this: {reason}. Correct the arguments and call it again.'
    zh = "工具“{name}”的参数不正确：{reason}。请修改参数后重新调用。"


class ToolNotFound(NotFound):
    """Detail: name, known."""

    code = "tool_not_found"
    en = 'There is no tool "{name}". There are: {known}.'
    zh = "没有名为“{name}”的工具，可用的有：{known}。"


class ModelCannotUseTools(Unavailable):
    """Detail: name."""

    code = "model_cannot_use_tools"
    en = (
        '"{name}" only quotes documents; an agent needs a language model that follows instructions, best one '
        "that calls tools. Configure one in [models.llm] (docs/agent.md names some), then choose it for the question."
    )
    zh = (
        "“{name}”只会引用文档原文，智能体需要能遵循指令、最好支持工具调用的语言模型。"
        "请在 [models.llm] 中配置一个（docs/agent.md 有推荐），再在提问时选用它。"
    )


class ToolForbidden(AccessDenied):
    """Detail: name, reason_en, reason_zh."""

    code = "tool_forbidden"
    en = 'The tool "{name}" is not for the API key sent: {reason_en}. Ask for another key, or leave the tool out.'
    zh = "当前 API 密钥不能使用工具“{name}”：{reason_zh}。请申请其他密钥，或不使用该工具。"


class ToolUnavailable(Unavailable):
    """What the tool needs is not there. Detail: name, reason_en, reason_zh."""

    code = "tool_unavailable"
    en = 'The tool "{name}" cannot be used now: {reason_en}.'
    zh = "工具“{name}”暂不可用：{reason_zh}。"


class McpServerUnavailable(Unavailable):
    """Detail: name, reason."""

    code = "mcp_server_unavailable"
    en = 'The MCP server "{name}" cannot be reached, so its tools are missing: {reason}. Check [agent.mcp.{name}].'
    zh = "无法连接 MCP 服务“{name}”，它的工具暂缺：{reason}。请检查设置 [agent.mcp.{name}]。"


class ToolFailed(UpstreamFailed):
    """Detail: name, reason_en, reason_zh."""

    code = "tool_failed"
    en = 'The tool "{name}" failed: {reason_en}.'
    zh = "工具“{name}”出错：{reason_zh}。"


class ToolTimeout(UpstreamFailed):
    """Detail: name, seconds."""

    code = "tool_timeout"
    en = 'The tool "{name}" was not done after {seconds} s. Ask for less, or raise agent.tool_timeout_s.'
    zh = "工具“{name}”在 {seconds} 秒内没有完成。请缩小范围，或调大设置 agent.tool_timeout_s。"


class AgentStepLimit(UpstreamFailed):
    """As a notice: the answer that follows rests on what was found so far. Detail: limit."""

    code = "agent_step_limit"
    en = "The agent has used its {limit} steps and answers from what it has found. Raise agent.step_limit for more."
    zh = "智能体已用完 {limit} 个步骤，将根据已有结果作答。如需更多步骤，请调大设置 agent.step_limit。"


class AgentTimeLimit(UpstreamFailed):
    """Detail: seconds."""

    code = "agent_time_limit"
    en = "The agent was not done after {seconds} s. Ask for less, or raise agent.time_limit_s."
    zh = "智能体在 {seconds} 秒内没有完成。请缩小问题范围，或调大设置 agent.time_limit_s。"


class AgentActionUnreadable(UpstreamFailed):
    """Detail: name (of the model), reason."""

    code = "agent_action_unreadable"
    en = (
        'The model "{name}" twice wrote a tool call that cannot be read: {reason}. '
        "Ask again, or choose a model that calls tools."
    )
    zh = "模型“{name}”连续两次写出无法识别的工具调用：{reason}。请重试，或换用支持工具调用的模型。"
