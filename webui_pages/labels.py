"""Every word of the page, in Chinese and English: the only place of the web UI that holds text for people.

A label is declared once with both languages, so neither can be forgotten; `Labels("zh").send` gives the text. Places
in braces are filled with `str.format` by the caller.
"""

from server.errors import Language

LANGUAGES: dict[Language, str] = {"zh": "中文", "en": "English"}


class Label:
    """One text in both languages; read through a `Labels` object it is the text in that object's language."""

    def __init__(self, zh: str, en: str) -> None:
        self.texts: dict[Language, str] = {"zh": zh, "en": en}

    def __get__(self, labels: "Labels", owner: type) -> str:
        return self.texts[labels.language]


class Labels:
    """The table."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

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

    # chat
    mode = Label("对话模式", "Mode")
    mode_knowledge_base = Label("知识库问答", "Knowledge base")
    mode_llm = Label("模型对话", "Model only")
    knowledge_base = Label("知识库", "Knowledge base")
    no_knowledge_base = Label(
        "还没有知识库。请先到“知识库管理”页新建一个并上传文件。",
        "There is no knowledge base yet. Create one on the page “Knowledge bases” and upload files to it.",
    )
    empty_knowledge_base = Label(
        "这个知识库里还没有可以检索的内容，请先到“知识库管理”页上传文件。",
        "This knowledge base holds nothing to search yet. Upload files on the page “Knowledge bases” first.",
    )
    options = Label("设置", "Options")
    temperature = Label("随机性（temperature）", "Temperature")
    temperature_help = Label(
        "越低，回答越稳定、越贴近原文；越高，措辞越多样。",
        "Lower: steadier answers, closer to the documents. Higher: more varied wording.",
    )
    top_k = Label("引用分块数", "Chunks to use")
    top_k_help = Label("回答最多依据几个分块。", "The answer rests on at most this many chunks.")
    relevance_floor = Label("最低相关度", "Least relevance")
    relevance_floor_help = Label(
        "低于此相关度的分块不会使用。调高则更严格，可能找不到；调低则更宽松，可能混入无关内容。",
        "Chunks below it are not used. Higher is stricter and may find nothing; lower is looser and may let in "
        "unrelated text.",
    )
    history_length = Label("记住的轮数", "Turns to remember")
    history_length_help = Label(
        "提问时带上之前的几轮对话；0 表示每次都从头开始。",
        "How many earlier turns go along with a question; 0 starts afresh each time.",
    )
    clear = Label("清空对话", "Clear")
    ask = Label("输入问题，按回车发送", "Ask a question, Enter sends it")
    welcome_knowledge_base = Label("向文档提问", "Ask your documents")
    welcome_knowledge_base_hint = Label(
        "答案来自知识库里的文件，并标明出处。", "Answers come from the files of the knowledge base, with their sources."
    )
    welcome_llm = Label("与模型对话", "Talk to the model")
    welcome_llm_hint = Label("直接由模型回答，不检索文档。", "The model answers by itself; no document is searched.")
    sample_question_1 = Label("知问支持哪些文件格式？", "Which file formats can Zhiwen read?")
    sample_question_2 = Label("网页界面的默认端口是多少？", "What is the default port of the web page?")
    sample_question_3 = Label("怎样重建知识库的索引？", "What do I do when a port is already in use?")
    any_question_1 = Label("这个知识库主要讲了什么？", "What is this knowledge base about?")
    any_question_2 = Label("请列出其中的要点。", "List the main points.")
    llm_question_1 = Label("你能帮我做什么？", "What can you help me with?")
    llm_question_2 = Label(
        "用三句话解释什么是检索增强生成。", "Explain retrieval-augmented generation in three sentences."
    )
    searching = Label("正在检索文档…", "Searching the documents…")
    answering = Label("正在组织回答…", "Writing the answer…")
    waited = Label("（{seconds} 秒）", " ({seconds} s)")
    stop = Label("停止", "Stop")
    stopped = Label("已停止。", "Stopped.")
    empty_answer = Label(
        "模型没有返回内容。请换一种问法重试，或查看模型的日志。",
        "The model returned nothing. Ask in other words, or read the log of the model.",
    )
    sources = Label("来源 ({count})", "Sources ({count})")
    no_sources = Label(
        "知识库中没有与问题相符的内容，以上回答没有文档依据。可以换一种问法，或在“设置”中调低最低相关度。",
        "No document matches the question, so the answer rests on none. Ask in other words, or lower the least "
        "relevance in “Options”.",
    )
    place_page = Label("第 {page} 页", "Page {page}")
    place_row = Label("第 {row} 行", "Row {row}")
    place_slide = Label("第 {slide} 张幻灯片", "Slide {slide}")
    place_sheet = Label("工作表 {sheet}", "Sheet {sheet}")
    place_rows = Label("第 {first}–{last} 行", "Rows {first}–{last}")
    place_lines = Label("第 {first}–{last} 行", "Lines {first}–{last}")
    relevance = Label("相关度 {percent}%", "Relevance {percent}%")
    open_file = Label("打开", "Open")
    download = Label("下载", "Download")

    # knowledge bases
    new_knowledge_base = Label("新建知识库", "New knowledge base")
    new_name = Label("名称", "Name")
    new_name_hint = Label("例如：产品手册", "For example: Product manuals")
    new_info = Label("说明（可不填）", "Description (optional)")
    new_embedder = Label("向量模型", "Embedding model")
    new_embedder_default = Label("默认", "Default")
    new_create = Label("创建", "Create")
    created = Label("已创建知识库“{name}”。", "The knowledge base “{name}” is ready.")
    no_knowledge_base_title = Label("还没有知识库", "No knowledge base yet")
    no_knowledge_base_hint = Label(
        "新建一个知识库，再把文档放进去，就可以提问了。",
        "Create a knowledge base, put documents into it, and you can ask questions.",
    )
    count_files = Label("文件", "Files")
    count_chunks = Label("分块", "Chunks")
    count_failed = Label("失败", "Failed")
    built_with = Label("向量模型 {embed_model} · 向量库 {vector_store}", "{embed_model} · {vector_store}")
    delete_knowledge_base = Label("删除知识库", "Delete knowledge base")
    delete_knowledge_base_confirm = Label(
        "将删除知识库“{name}”以及其中的 {files} 个文件，无法恢复。",
        "This deletes the knowledge base “{name}” and its files (number of files: {files}). It cannot be undone.",
    )
    delete = Label("删除", "Delete")
    deleted = Label("已删除“{name}”。", "“{name}” is deleted.")

    # upload
    upload = Label("上传文件", "Upload files")
    upload_choose = Label("要放入知识库的文件，可多选", "Files to add, several at once are fine")
    upload_button = Label("选择文件", "Choose files")
    upload_limit = Label("或拖到这里，每个不超过 {limit} MB", "or drop them here, up to {limit} MB each")
    upload_overwrite = Label("覆盖同名文件", "Overwrite files of the same name")
    upload_known = Label(
        "已有同名文件：{names}。要替换它们，请打开“覆盖同名文件”。",
        "Already there: {names}. To replace them, switch on “Overwrite files of the same name”.",
    )
    upload_start = Label("上传并建立索引", "Upload and index")
    upload_progress = Label("正在处理 {name}（{done}/{total}）", "Working on {name} ({done} of {total})")
    upload_done = Label("上传完成：成功 {good}，失败 {bad}", "Upload finished: {good} succeeded, {bad} failed")
    unchanged = Label("与已有文件相同，未重新读取", "the same as before, not read again")

    # work on files
    jobs = Label("正在处理：还剩 {count} 个文件", "Working: {count} files left")
    jobs_hint = Label("可以离开本页，处理会继续进行。", "You may leave this page; the work goes on without it.")
    jobs_more = Label("另有 {count} 个文件在等待", "{count} more files are waiting")
    job_page = Label("第 {page} / {pages} 页", "page {page} of {pages}")
    stage_queued = Label("等待中", "waiting")
    stage_parsing = Label("正在读取", "reading")
    stage_splitting = Label("正在切分", "splitting")
    stage_embedding = Label("正在建立索引", "indexing")
    cancel_job = Label("取消处理“{name}”", "Cancel “{name}”")
    retry_failed = Label("全部重试", "Retry all failed")

    # settings of a knowledge base
    ingest_settings = Label("切分与识别", "Splitting and OCR")
    splitter = Label("分割器", "Splitter")
    chunk_size = Label("分块大小（字符）", "Chunk size (characters)")
    chunk_overlap = Label("相邻分块重叠（字符）", "Overlap of chunks (characters)")
    ocr = Label("识别扫描件与图片中的文字（OCR）", "Read scans and pictures (OCR)")
    save = Label("保存", "Save")
    settings_saved = Label(
        "设置已保存，对之后读取的文件生效；已有文件请重建索引。",
        "Saved; it counts for files read from now on. Rebuild the index for those that are there.",
    )
    outdated = Label(
        "有 {count} 个文件仍按旧设置切分，重建索引后生效。",
        "Files still split by other settings: {count}. Rebuild the index to apply the present ones.",
    )
    out_of_step = Label(
        "以下文件的索引与分块数不一致，请重建索引：{names}",
        "The index does not agree with the chunks of these files. Rebuild the index: {names}",
    )
    indexed = Label("已建立索引", "indexed")

    # the table of files
    files = Label("文件列表", "Files")
    no_files = Label(
        "这个知识库里还没有文件，请在上面选择文件上传。", "No files here yet. Choose some above and upload them."
    )
    column_name = Label("文件", "File")
    column_state = Label("状态", "State")
    column_pages = Label("页", "Pages")
    column_note = Label("提示", "Notes")
    empty_pages = Label("{count} 页没有文字：{pages}", "{count} pages without text: {pages}")
    column_size = Label("大小", "Size")
    column_chunks = Label("分块", "Chunks")
    column_loader = Label("读取方式", "Read with")
    column_updated = Label("更新时间", "Updated")
    state_ready = Label("✓ 就绪", "✓ ready")
    state_waiting = Label("… 等待中", "… waiting")
    state_failed = Label("✗ 失败", "✗ failed")
    failed_files = Label("失败原因 ({count})", "Why files failed ({count})")
    select_hint = Label(
        "在表格左侧勾选文件，可以下载或删除。", "Tick files at the left of the table to download or delete them."
    )
    download_selected = Label("下载 ({count})", "Download ({count})")
    delete_selected = Label("删除 ({count})", "Delete ({count})")
    delete_files_title = Label("删除文件", "Delete files")
    delete_files_confirm = Label(
        "将从知识库和磁盘中删除以下文件，无法恢复：",
        "These files leave the knowledge base and the disk. It cannot be undone:",
    )
    deleted_files = Label("已删除 {count} 个文件。", "Files deleted: {count}.")

    # rebuild
    rebuild = Label("重建索引", "Rebuild the index")
    rebuild_confirm = Label(
        "将用磁盘上的文件重新读取、切分“{name}”并建立索引，文件本身不变。文件多时需要一些时间，期间请不要离开本页。",
        "Reads, splits and indexes the files of “{name}” again; the files stay as they are. Many files take a while; "
        "please stay on the page meanwhile.",
    )
    rebuild_progress = Label("正在重建：{name}（{done}/{total}）", "Rebuilding: {name} ({done} of {total})")
    rebuild_started = Label("正在重建，请不要离开本页…", "Rebuilding, please stay on this page…")
    rebuild_done = Label("重建完成：成功 {good}，失败 {bad}", "Rebuild finished: {good} succeeded, {bad} failed")
    rebuild_empty = Label("没有可以重建的文件。", "There are no files to rebuild from.")
