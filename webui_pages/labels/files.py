"""Files of a knowledge base: upload, work on them, their table."""

from webui_pages.labels.base import Label, Table


class FileLabels(Table):
    """Texts of this part."""

    # upload
    upload = Label("添加文件", "Add files")
    upload_tab = Label("上传", "Upload")
    paste_tab = Label("粘贴文字", "Paste text")
    upload_choose = Label("要放入知识库的文件，可多选", "Files to add, several at once are fine")
    upload_button = Label("选择文件", "Choose files")
    upload_limit = Label("或拖到这里，每个不超过 {limit} MB", "or drop them here, up to {limit} MB each")
    upload_overwrite = Label("覆盖同名文件", "Overwrite files of the same name")
    upload_known = Label(
        "已有同名文件：{names}。要替换它们，请打开“覆盖同名文件”。",
        "Already there: {names}. To replace them, switch on “Overwrite files of the same name”.",
    )
    upload_start = Label("上传并建立索引", "Upload and index")
    upload_progress = Label("正在上传 {name}（{done}/{total}）", "Sending {name} ({done} of {total})")
    upload_done = Label("上传完成：成功 {good}，失败 {bad}", "Upload finished: {good} succeeded, {bad} failed")
    unchanged = Label("与已有文件相同，未重新读取", "the same as before, not read again")
    paste_name = Label("文件名", "File name")
    paste_name_hint = Label("例如：会议纪要.md", "For example: minutes.md")
    paste_text = Label("文字（支持 Markdown）", "Text (Markdown is understood)")
    paste_start = Label("保存为文件并建立索引", "Keep as a file and index")
    paste_empty = Label("请填写文件名和文字。", "Give it a name and some text.")

    # work on files
    jobs = Label("正在处理：还剩 {count} 个文件", "Working: {count} files left")
    jobs_hint = Label("可以离开本页，处理会继续进行。", "You may leave this page; the work goes on without it.")
    jobs_more = Label("另有 {count} 个文件在等待", "{count} more files are waiting")
    job_page = Label("第 {page} / {pages} 页", "page {page} of {pages}")
    stage_queued = Label("等待中", "waiting")
    stage_parsing = Label("正在读取", "reading")
    stage_splitting = Label("正在切分", "splitting")
    stage_embedding = Label("正在建立索引", "indexing")
    job_called_off = Label(
        "已取消处理“{name}”，知识库保持原样。", "“{name}” is cancelled; the knowledge base stays as it was."
    )
    cancel_job = Label("取消处理“{name}”", "Cancel “{name}”")
    retry_failed = Label("全部重试", "Retry all failed")

    # the table of files
    files = Label("文件列表", "Files")
    no_files = Label(
        "这个知识库里还没有文件，请在上面选择文件上传。", "No files here yet. Choose some above and upload them."
    )
    file_search = Label("按文件名查找", "Find by file name")
    file_states = Label("状态", "State")
    file_order = Label("排序", "Order")
    order_file_name = Label("按名称", "By name")
    order_updated = Label("最近更新", "Latest first")
    order_file_size = Label("按大小", "Largest first")
    order_chunks = Label("按分块数", "Most chunks first")
    no_file_fits = Label("没有符合条件的文件。", "No file fits.")
    column_name = Label("文件", "File")
    column_state = Label("状态", "State")
    column_progress = Label("进度", "Progress")
    column_pages = Label("页", "Pages")
    column_note = Label("提示", "Notes")
    empty_pages = Label("{count} 页没有文字：{pages}", "{count} pages without text: {pages}")
    note_disabled = Label("停用 {count} 个分块", "{count} chunks disabled")
    note_changed = Label("修改过 {count} 个分块", "{count} chunks changed")
    note_custom = Label("分块由人提供", "chunks given by hand")
    column_size = Label("大小", "Size")
    column_chunks = Label("分块", "Chunks")
    column_loader = Label("读取方式", "Read with")
    column_age = Label("更新于", "Updated")
    age_now = Label("刚刚", "just now")
    age_minutes = Label("{count} 分钟前", "{count} min ago")
    age_hours = Label("{count} 小时前", "{count} h ago")
    age_days = Label("{count} 天前", "{count} d ago")
    state_ready = Label("✓ 就绪", "✓ ready")
    state_waiting = Label("… 等待中", "… waiting")
    state_failed = Label("✗ 失败", "✗ failed")
    failed_files = Label("失败原因 ({count})", "Why files failed ({count})")
    failed_more = Label(
        "另有 {count} 个文件失败，原因见上表；可以全部重试。",
        "{count} more files failed; the table above tells why. All can be retried at once.",
    )
    select_hint = Label(
        "在表格左侧勾选文件，可以下载、重新读取、生成摘要或删除。",
        "Tick files at the left of the table to download, read again, summarise or delete them.",
    )
    download_selected = Label("下载 ({count})", "Download ({count})")
    download_more = Label(
        "这里只列出前 {count} 个。要下载其余文件，请少勾选一些。",
        "Only the first {count} are listed. For the others, tick fewer files.",
    )
    reindex_selected = Label("重新读取 ({count})", "Read again ({count})")
    reindex_hint = Label(
        "按当前设置重新读取、切分并建立索引。对分块的修改会尽量保留。",
        "Reads, splits and indexes them with the present settings. Changes of chunks are kept where they fit.",
    )
    reindex_custom = Label(
        "也还原由人提供的分块", "Also bring back the own text of files whose chunks were given by hand"
    )
    reindex_start = Label("开始", "Start")
    summarize_selected = Label("生成摘要 ({count})", "Summarise ({count})")
    show_chunks = Label("查看分块", "Show its chunks")
    delete_selected = Label("删除 ({count})", "Delete ({count})")
    delete_files_title = Label("删除文件", "Delete files")
    delete_files_confirm = Label(
        "将从知识库和磁盘中删除以下文件，无法恢复：",
        "These files leave the knowledge base and the disk. It cannot be undone:",
    )
    receipt_title = Label("删除回执", "Receipt of the deletion")
    receipt = Label(
        "已删除 {files} 个文件（{size}）、{chunks} 个分块、{vectors} 个向量、{words} 个词条、{cache_entries} 个缓存。",
        "Gone: {files} files ({size}), {chunks} chunks, {vectors} vectors, {words} word entries, {cache_entries} cache "
        "entries.",
    )
