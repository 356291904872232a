"""Knowledge bases: creating, settings, rebuilding."""

from webui_pages.labels.base import Label, Table


class KnowledgeBaseLabels(Table):
    """Texts of this part."""

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
