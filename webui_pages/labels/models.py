"""The page of models."""

from webui_pages.labels.base import Label, Table


class ModelLabels(Table):
    """Texts of this part."""

    tab_chat_models = Label("对话模型", "Chat models")
    tab_weights = Label("向量与重排", "Embedding and reranking")
    tab_providers = Label("在线服务", "Providers")
    tab_machine = Label("显卡与内存", "GPU and memory")

    model_running = Label("运行中", "running")
    model_loading = Label("加载中 {seconds} 秒", "loading, {seconds} s")
    model_stopping = Label("正在停止", "stopping")
    model_failed = Label("失败", "failed")
    model_stopped = Label("未启动", "not started")
    model_unavailable = Label("暂不可用", "not available")
    model_not_here = Label("未下载", "not downloaded")
    model_available = Label("可用", "available")
    model_in_use = Label("使用中", "in use")
    default_model = Label("默认", "default")
    model_local = Label("本机", "on this machine")
    model_online = Label("在线", "online")
    model_loaded = Label("加载用时 {seconds} 秒", "loaded in {seconds} s")
    model_restarts = Label("重启 {count} 次", "restarts: {count}")
    model_rank = Label("首选顺序第 {rank}", "preference {rank}")
    model_start = Label("启动", "Start")
    model_stop = Label("停止", "Stop")
    model_switch = Label("切换到此模型", "Switch to it")
    model_switch_hint = Label(
        "先停止“{old}”再启动此模型；启动失败则恢复原来的模型。",
        "Stops “{old}”, then starts this one. If that fails, the old one runs again.",
    )
    model_changing = Label(
        "正在更改，已 {seconds} 秒；可以离开本页。", "Changing for {seconds} s; you may leave the page."
    )

    kind_llm = Label("对话模型的权重", "Weights of chat models")
    kind_embed = Label("向量模型", "Embedding models")
    kind_rerank = Label("重排模型", "Rerank models")
    kind_empty = Label("设置中没有这类模型。", "The settings name no model of this kind.")
    weights_not_needed = Label("无需权重", "needs no weights")
    weights_missing = Label("本机没有权重", "no weights here")
    weights_here = Label("权重 {size}", "weights {size}")
    download_model = Label("下载", "Download")
    download_started = Label("正在连接…", "Connecting…")
    download_progress = Label("已下载 {arrived} / {total} MB", "{arrived} of {total} MB")
    download_cancel_hint = Label("已下载的部分会保留，下次接着下载。", "What has arrived is kept for the next time.")
    download_cancelled = Label("下载已取消，再次下载会接着进行。", "Cancelled; the next download goes on from there.")
    download_done_llm = Label(
        "下载完成，现在就可以启动；启动后可在对话页选择。",
        "Complete. It can be started now, and then be chosen on the chat page.",
    )
    download_done_embed = Label(
        "下载完成，新建知识库或重建索引时即可选用。是否作为默认模型，由下次启动时的首选顺序决定。",
        "Complete. It can be chosen now for a new knowledge base or a rebuild. The default is the first preference "
        "that is here at the next start.",
    )
    download_done_rerank = Label(
        "下载完成，几秒内就会用于检索。", "Complete. Searches are reranked with it within seconds."
    )
    download_done_unranked = Label(
        "下载完成。把它写入 models.rerank_preference 并重新启动 startup.py 后才会使用。",
        "Complete. It is used when it stands in models.rerank_preference and startup.py is started again.",
    )

    providers_none = Label(
        "还没有配置在线服务，可按下面的示例添加。", "No provider is set up yet. Add one as shown below."
    )
    provider_test = Label("测试", "Test")
    provider_testing = Label("正在测试，已 {seconds} 秒…", "Testing for {seconds} s…")
    provider_works = Label(
        "可用：{model}，首字 {first} 秒，共 {total} 秒", "Works: {model}, first word after {first} s, all in {total} s"
    )
    provider_lists = Label(
        "可以连接：有 {model} 等模型，但没有对话模型（{total} 秒）",
        "Reached in {total} s: it has {model} and perhaps others, but no chat model",
    )
    provider_finds = Label("自动查找模型", "finds its models by itself")
    provider_add = Label("添加在线服务", "Add a provider")
    provider_service = Label("服务", "Service")
    provider_add_hint = Label(
        "写入 configs/local.toml，设置好密钥变量，再重新启动 startup.py。",
        "Put this into configs/local.toml, set the variable with the key, and start startup.py again.",
    )

    memory_use = Label("内存 {used} / {total} GB", "Memory {used} of {total} GB")
    gpu_use = Label("{name}：显存 {used} / {total} GB", "{name}: {used} of {total} GB")
    gpu_none = Label(
        "没有检测到 NVIDIA 显卡（nvidia-smi 不可用）。", "No NVIDIA GPU was found (there is no working nvidia-smi)."
    )
