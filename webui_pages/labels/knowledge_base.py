"""Knowledge bases: the list, creating, settings."""

from webui_pages.labels.base import Label, Table


class KnowledgeBaseLabels(Table):
    """Texts of this part."""

    # the list
    find_knowledge_base = Label("按名称或说明查找", "Find by name or description")
    order = Label("排序", "Order")
    order_newest = Label("最新创建", "Newest first")
    order_name = Label("按名称", "By name")
    order_size = Label("按大小", "Largest first")
    knowledge_base_numbers = Label(
        "{files} 个文件 · {chunks} 个分块 · {size}", "{files} files · {chunks} chunks · {size}"
    )
    state_rebuilding = Label("正在重建", "Rebuilding")
    state_working = Label("正在处理 {count} 个文件", "Reading {count} files")
    state_some_failed = Label("{count} 个文件失败", "{count} files failed")
    state_empty = Label("还没有文件", "No files yet")
    state_usable = Label("可以提问", "Ready to ask")
    nothing_fits = Label("没有符合条件的知识库。", "No knowledge base fits.")
    unknown_knowledge_base = Label(
        "没有名为“{name}”的知识库，可能已被删除。请在下面选择。",
        "There is no knowledge base “{name}”; it may have been deleted. Choose one below.",
    )
    all_knowledge_bases = Label("全部知识库", "All knowledge bases")
    no_knowledge_base_title = Label("还没有知识库", "No knowledge base yet")
    no_knowledge_base_hint = Label(
        "新建一个知识库，再把文档放进去，就可以提问了。",
        "Create a knowledge base, put documents into it, and you can ask questions.",
    )

    # one of them
    built_with = Label("向量模型 {embed_model} · 向量库 {vector_store}", "{embed_model} · {vector_store}")
    parts = Label("部分", "Part")
    tab_files = Label("文件", "Files")
    tab_chunks = Label("分块", "Chunks")
    tab_retrieval = Label("检索测试", "Retrieval test")
    tab_summaries = Label("摘要", "Summaries")
    tab_settings = Label("设置", "Settings")

    # creating and deleting
    new_knowledge_base = Label("新建知识库", "New knowledge base")
    new_name = Label("名称", "Name")
    new_name_hint = Label("例如：产品手册", "For example: Product manuals")
    new_info = Label("说明（可不填）", "Description (optional)")
    embedder = Label("向量模型", "Embedding model")
    embedder_default = Label("默认（{name}）", "Default ({name})")
    embedder_missing = Label("{name}（不可用）", "{name} (not available)")
    embedder_reason = Label("{name} 不可用：{reason}", "{name} cannot be used: {reason}")
    vector_store = Label("向量库", "Vector store")
    store_default = Label("默认（{name}）", "Default ({name})")
    new_create = Label("创建", "Create")
    created = Label("已创建知识库“{name}”。", "The knowledge base “{name}” is ready.")
    delete_knowledge_base = Label("删除知识库", "Delete knowledge base")
    delete_knowledge_base_confirm = Label(
        "将删除知识库“{name}”以及其中的 {files} 个文件，无法恢复。",
        "This deletes the knowledge base “{name}” and its files (number of files: {files}). It cannot be undone.",
    )
    delete_knowledge_base_hint = Label(
        "连同其中的文件、分块和索引一起删除，无法恢复。", "With its files, chunks and indexes; it cannot be undone."
    )
    delete = Label("删除", "Delete")
    deleted = Label("已删除“{name}”。", "“{name}” is deleted.")

    # settings
    info_title = Label("说明", "Description")
    info_hint = Label("这个知识库里有什么；智能体据此选择知识库。", "What it holds. Agents choose by it.")
    info_changed = Label(
        "说明刚被别人改为“{info}”，没有保存你的文字。再点一次“保存”即以你的文字替换它。",
        "Somebody else has just changed the description to “{info}”, so yours was not saved. Press “Save” again to "
        "replace it.",
    )
    info_saved = Label("说明已保存。", "The description is saved.")
    ingest_settings = Label("切分与识别", "Splitting and OCR")
    splitter = Label("分割器", "Splitter")
    chunk_size = Label("分块大小（字符）", "Chunk size (characters)")
    chunk_overlap = Label("相邻分块重叠（字符）", "Overlap of chunks (characters)")
    title_enhance = Label("识别中文标题", "Recognise Chinese titles")
    title_enhance_help = Label(
        "把像标题的短句标记出来，并告诉后续分块属于哪个标题。",
        "Marks short lines that look like titles, and tells the chunks that follow which one they belong to.",
    )
    ocr = Label("识别扫描件与图片中的文字（OCR）", "Read scans and pictures (OCR)")
    search_settings = Label("检索", "Searching")
    use_rerank = Label("重排（需要重排模型）", "Rerank (where there is a rerank model)")
    save = Label("保存", "Save")
    reset = Label("恢复默认", "Reset to defaults")
    own_settings = Label("单独设置：{names}", "Set for this knowledge base: {names}")
    no_own_settings = Label("全部沿用服务的设置。", "All follow the settings of the service.")
    settings_saved = Label(
        "设置已保存，对之后读取的文件生效；已有文件请重建索引。",
        "Saved; it counts for files read from now on. Rebuild the index for those that are there.",
    )
    settings_as_before = Label(
        "没有可保存的改动：上面显示的就是现在的设置。", "Nothing to save: the fields show the settings that hold now."
    )
    search_saved = Label("检索设置已保存，立即生效。", "Saved; it counts from the next question on.")
    settings_reset = Label("已恢复为服务的设置。", "The settings of the service hold again.")
    outdated = Label(
        "有 {count} 个文件仍按旧设置切分，重建索引后生效。",
        "Files still split by other settings: {count}. Rebuild the index to apply the present ones.",
    )
    out_of_step = Label(
        "以下文件的索引与分块数不一致，请重建索引：{names}",
        "The index does not agree with the chunks of these files. Rebuild the index: {names}",
    )
    indexed = Label("已建立索引", "indexed")

    # the preview of chunks
    preview = Label("试切分", "Try the splitting")
    preview_hint = Label(
        "粘贴一段文字或选择一个文件，看看按当前设置会切成什么样。不会保存任何内容。",
        "Paste text or choose a file to see how it would be split with these settings. Nothing is kept.",
    )
    preview_text = Label("粘贴文字", "Paste text")
    preview_file = Label("选择文件", "Choose a file")
    preview_text_hint = Label("在这里粘贴一段有代表性的文字…", "Paste some typical text here…")
    preview_numbers = Label(
        "共 {total} 个分块，长度 {shortest}–{longest} 字符，平均 {average}",
        "{total} chunks of {shortest} to {longest} characters, {average} on average",
    )
    preview_more = Label("只显示前 {count} 个分块。", "Only the first {count} chunks are shown.")
    chunk_length = Label("{count} 字符", "{count} characters")
    shared_with_last = Label("与上一块重叠 {count}", "{count} shared with the one before")
