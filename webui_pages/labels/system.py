"""The page of the system."""

from webui_pages.labels.base import Label, Table


class SystemLabels(Table):
    """Texts of this part."""

    tab_services = Label("服务", "Services")
    tab_jobs = Label("任务", "Jobs")
    tab_system = Label("版本与配置", "Versions and settings")
    tab_keys = Label("密钥", "Keys")
    tab_exports = Label("导出", "Exports")
    refresh = Label("刷新", "Refresh")

    # services
    no_launcher = Label(
        "知识库接口不是由 startup.py 启动的，因此不知道其他服务的状态；日志仍可查看。",
        "The knowledge API was not started by startup.py, so the state of the other services is not known. Logs can be "
        "read all the same.",
    )
    service_waiting = Label("等待中", "waiting")
    service_starting = Label("启动中", "starting")
    service_ready = Label("运行中", "running")
    service_restarting = Label("正在重启", "restarting")
    service_stopping = Label("正在停止", "stopping")
    service_stopped = Label("已停止", "stopped")
    service_failed = Label("失败", "failed")
    service_of_api = Label("知识库接口", "Knowledge API")
    service_of_webui = Label("网页", "Web page")
    service_of_controller = Label("模型调度", "Model controller")
    service_of_openai_api = Label("OpenAI 兼容接口", "OpenAI-compatible API")
    service_of_providers = Label("在线模型", "Online models")
    service_of_worker = Label("模型 {model}", "Model {model}")
    service_uptime = Label("已运行 {age}", "up for {age}")
    span_days = Label("{days} 天 {hours} 小时", "{days} d {hours} h")
    span_hours = Label("{hours} 小时 {minutes} 分", "{hours} h {minutes} min")
    span_minutes = Label("{minutes} 分 {seconds} 秒", "{minutes} min {seconds} s")
    span_seconds = Label("{seconds} 秒", "{seconds} s")
    logs = Label("日志", "Logs")
    logs_none = Label("还没有日志。", "There are no logs yet.")
    log_name = Label("服务", "Service")
    log_lines = Label("行数", "Lines")
    log_follow = Label("自动刷新", "Follow")

    # jobs
    jobs_state = Label("状态", "State")
    jobs_any = Label("全部", "All")
    jobs_none = Label("没有这样的任务。", "There are no such jobs.")
    jobs_alt = Label("所有知识库的任务列表", "The jobs of all knowledge bases")
    job_state = Label("状态", "State")
    job_knowledge_base = Label("知识库", "Knowledge base")
    job_file = Label("文件", "File")
    job_progress = Label("进度", "Progress")
    job_began = Label("开始时间", "Began")
    job_reason = Label("原因", "Reason")
    job_queued = Label("等待中", "waiting")
    job_running = Label("进行中", "running")
    job_done = Label("完成", "done")
    job_failed = Label("失败", "failed")
    job_cancelled = Label("已取消", "cancelled")

    # versions, disk, settings
    versions = Label("版本", "Versions")
    database = Label("数据库", "Database")
    disk = Label("磁盘占用", "Disk use")
    disk_free = Label("可用 {free}", "{free} free")
    folder_knowledge_base = Label("知识库", "Knowledge bases")
    folder_logs = Label("日志", "Logs")
    folder_models = Label("模型权重", "Weights of models")
    settings_in_force = Label("生效的配置", "Settings in force")
    settings_in_force_hint = Label(
        "configs/default.toml、configs/local.toml 与 ZHIWEN__ 环境变量合并的结果；密钥以星号显示。",
        "configs/default.toml, configs/local.toml and ZHIWEN__ variables put together. Secrets show as asterisks.",
    )

    # keys
    keys_none = Label(
        "还没有 API 密钥：本机上的任何人都可以使用全部功能。",
        "There is no API key: everybody at this machine may do everything.",
    )
    keys_alt = Label("API 密钥列表", "The API keys")
    key_name = Label("名称", "Name")
    key_scope = Label("权限", "Scope")
    key_for = Label("知识库", "Knowledge bases")
    key_everywhere = Label("全部", "All")
    key_limit = Label("只限这些知识库（可不选）", "Only for these knowledge bases (optional)")
    key_created = Label("创建时间", "Made")
    key_used = Label("最近使用", "Last used")
    key_state = Label("状态", "State")
    key_in_force = Label("有效", "in force")
    key_revoked = Label("已吊销", "revoked")
    key_create = Label("创建密钥", "Make a key")
    key_first = Label(
        "创建第一个密钥后，所有调用都需要密钥，因此它是 admin 权限；本次会话会自动使用它。",
        "From the first key on every call needs one, so this one has the scope admin. This session goes on with it.",
    )
    key_made = Label("密钥已创建，只显示这一次，请立即保存：", "Keep this key now. It is shown this once:")
    key_revoke = Label("吊销", "Revoke")
    key_revoke_which = Label("吊销密钥", "Revoke a key")
    key_revoke_confirm = Label("“{name}”将立即失效，无法恢复。", "“{name}” stops working at once. It cannot be undone.")

    # exports
    feedback_title = Label("反馈", "Feedback")
    feedback_hint = Label(
        "得到好评的回答，可作为检索评测数据：问题、文件、分块。",
        "Praised answers as data for evaluating retrieval: question, files, chunks.",
    )
    feedback_download = Label("下载反馈", "Download feedback")
    metrics_title = Label("监控指标", "Metrics")
    metrics_hint = Label("供 Prometheus 抓取：{url}", "For Prometheus: {url}")
    metrics_download = Label("下载当前指标", "Download the numbers now")
