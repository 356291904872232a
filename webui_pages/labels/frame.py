"""The frame around the pages: navigation, access key, failures of the API."""

from webui_pages.labels.base import Label, Table


class FrameLabels(Table):
    """Texts of this part."""

    # the frame around the pages
    product = Label("知问", "Zhiwen")
    chat_page = Label("对话", "Chat")
    knowledge_base_page = Label("知识库管理", "Knowledge bases")
    models_page = Label("模型", "Models")
    system_page = Label("系统", "System")
    language_switch = Label("界面语言", "Language")
    service_ok = Label("服务正常", "All services up")
    service_degraded = Label("部分服务异常", "Some services are down")
    service_down = Label("服务未连接", "Not connected")
    footer_models = Label("模型 {llm} · 向量 {embed_model}", "Model {llm} · Embeddings {embed_model}")
    retry = Label("重试", "Try again")
    cancel = Label("取消", "Cancel")

    # who uses the page
    gate_title = Label("登录知问", "Log in to Zhiwen")
    gate_hint = Label(
        "请输入一个 API 密钥；管理员可以在“系统”页或用 python startup.py --create-key 创建。",
        "Enter an API key. An administrator makes them on the page “System” or with python startup.py --create-key.",
    )
    gate_hint_password = Label(
        "请输入本页面的密码，或一个 API 密钥。", "Enter the password of this page, or an API key."
    )
    gate_once = Label("刷新页面后需要重新输入。", "It is asked for again when the page is loaded again.")
    gate_days = Label(
        "{days} 天内在此浏览器上无需再次登录；公用电脑请在离开前退出登录。",
        "This browser stays logged in for {days} days. Log out before you leave a computer that others use.",
    )
    gate_hours = Label(
        "{hours} 小时内在此浏览器上无需再次登录；公用电脑请在离开前退出登录。",
        "This browser stays logged in, for hours: {hours}. Log out before you leave a computer that others use.",
    )
    gate_field = Label("密钥或密码", "Key or password")
    gate_enter = Label("登录", "Log in")
    gate_wrong = Label("密钥或密码不正确，请核对后重新输入。", "That is not right. Check it and try again.")
    gate_stranger = Label(
        "{email} 已通过身份验证，但不在 web.users 名单中。请让管理员添加，或换一个账号。",
        "{email} is known to the provider, but does not stand in web.users. Ask the administrator to add it, or use "
        "another account.",
    )
    gate_no_email = Label(
        "登录服务没有告知您的邮箱，无法在 web.users 名单中查找。请让管理员为该客户端开放 email 权限，或换一个账号。",
        "The provider did not tell your e-mail address, so it cannot be looked up in web.users. Ask the administrator "
        "to let it tell the scope email, or use another account.",
    )
    gate_no_authlib = Label(
        "单位账号登录需要 Authlib：请运行 pip install -c constraints.txt Authlib，再重新启动页面。"
        "在此之前可以使用密钥登录。",
        "Accounts of your organisation need Authlib: run pip install -c constraints.txt Authlib and start the page "
        "again. Until then a key lets you in.",
    )
    log_in_elsewhere = Label("使用单位账号登录", "Log in with your organisation’s account")
    log_out = Label("退出登录", "Log out")
    needs_write = Label(
        "当前密钥只有只读权限（{scope}），此操作需要 write 权限的密钥。",
        "Your key may only read ({scope}). This needs a key with the scope write.",
    )
    needs_admin = Label(
        "当前密钥的权限是 {scope}，此处需要 admin 权限的密钥。",
        "Your key has the scope {scope}. This needs a key with the scope admin.",
    )
    key_is_limited = Label(
        "当前密钥只能使用这些知识库：{names}。新建其他知识库需要不受限的密钥。",
        "Your key is for these knowledge bases only: {names}. Making another one needs a key without such a limit.",
    )
    gate_closed = Label(
        "这个页面对其他机器开放，但没有设置密钥，因此不提供服务。请在 configs/local.toml 中设置 security.api_key，"
        "或用 python startup.py --create-key 创建密钥，或让页面只监听 127.0.0.1，然后重新启动。",
        "This page is open to other machines and no key is set, so it serves nobody. Set security.api_key in "
        "configs/local.toml, make one with python startup.py --create-key, or bind the page to 127.0.0.1; then start "
        "it again.",
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
    download_failed = Label(
        "下载没有成功。请刷新页面后重试；若再次出现，请查看 logs/api.log。",
        "The download failed. Load the page again and try once more; if it happens again, read logs/api.log.",
    )
    api_is_back = Label("知识库接口已恢复。", "The knowledge API is back.")
    unexpected = Label(
        "页面内部出错，已写入日志 logs/webui.log。请重试；对话内容仍然保留。",
        "Something went wrong in this page; the log logs/webui.log has the details. Try again; your conversation is "
        "kept.",
    )
