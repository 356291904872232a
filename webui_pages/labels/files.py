"""Files of a knowledge base: upload, work on them, their table."""

from webui_pages.labels.base import Label, Table


class FileLabels(Table):
    """Texts of this part."""

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
