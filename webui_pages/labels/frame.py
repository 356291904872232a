"""The frame around the pages: navigation, access key, failures of the API."""

from webui_pages.labels.base import Label, Table


class FrameLabels(Table):
    """Texts of this part."""

    # the frame around the pages
    product = Label("知问", "Zhiwen")
    chat_page = Label("对话", "Chat")
    knowledge_base_page = Label("知识库管理", "Knowledge bases")
    language_switch = Label("界面语言", "Language")
    service_ok = Label("服务正常", "All services up")
    service_degraded = Label("部分服务异常", "Some services are down")
    service_down = Label("服务未连接", "Not connected")
    footer_models = Label("模型 {llm} · 向量 {embed_model}", "Model {llm} · Embeddings {embed_model}")
    retry = Label("重试", "Try again")
    cancel = Label("取消", "Cancel")

    # the key asked for when other machines can reach the page
    gate_title = Label("请输入访问密钥", "Enter the access key")
    gate_hint = Label(
        "这个页面对其他机器开放，需要设置中的 security.api_key 才能使用。",
        "This page is open to other machines. It needs the security.api_key of the settings.",
    )
    gate_field = Label("密钥", "Key")
    gate_enter = Label("进入", "Enter")
    gate_wrong = Label("密钥不正确，请核对后重新输入。", "That key is not right. Check it and try again.")
    gate_closed = Label(
        "这个页面对其他机器开放，但没有设置密钥，因此不提供服务。请在 configs/local.toml 中设置 security.api_key，"
        "或让页面只监听 127.0.0.1，然后重新启动。",
        "This page is open to other machines and no key is set, so it serves nobody. Set security.api_key in "
        "configs/local.toml, or bind the page to 127.0.0.1, and start it again.",
    )

    # failures
    api_name = Label("知识库接口", "The knowledge API")
    api_timeout = Label(
        "知识库接口 {url} 在限定时间内没有返回。请稍后重试；若再次出现，请查看 logs/api.log。",
        "The knowledge API at {url} did not answer in time. Try again; if it happens again, read logs/api.log.",
    )
    api_cut = Label(
        "与知识库接口 {url} 的连接中断，内容可能不完整。请重试；若再次出现，请查看 logs/api.log。",
        "The connection to the knowledge API at {url} broke, what you see may be incomplete. Try again; if it happens "
        "again, read logs/api.log.",
    )
    api_garbled = Label(
        "{url} 的回答不是知识库接口的格式。请检查接口地址，以及两边的版本是否一致。",
        "{url} did not answer in the format of the knowledge API. Check the address, and that both sides are of the "
        "same version.",
    )
    api_refused = Label(
        "知识库接口不接受这个请求：{reason}", "The knowledge API does not accept this request: {reason}"
    )
    unexpected = Label(
        "页面内部出错，已写入日志 logs/webui.log。请重试；对话内容仍然保留。",
        "Something went wrong in this page; the log logs/webui.log has the details. Try again; your conversation is "
        "kept.",
    )
