"""Rebuilding, checking, repairing, summaries."""

from webui_pages.labels.base import Label, Table


class UpkeepLabels(Table):
    """Texts of this part."""

    # rebuild
    rebuild = Label("重建索引", "Rebuild the index")
    rebuild_confirm = Label(
        "将用磁盘上的文件重新读取、切分“{name}”并建立索引，文件本身不变。重建期间仍可提问；可以离开本页，进度随时可看。",
        "Reads, splits and indexes the files of “{name}” again; the files stay as they are. Questions are answered "
        "meanwhile, and you may leave the page and come back to see how far it is.",
    )
    rebuild_keep = Label("不变（{name}）", "Keep ({name})")
    rebuild_force = Label("全部重新读取，即使没有变化", "Read everything again, even what has not changed")
    rebuilding = Label("正在重建索引", "Rebuilding the index")
    rebuild_begins = Label("正在读取第一批文件…", "Reading the first files…")
    rebuild_progress = Label("{name}（{done}/{total}）", "{name} ({done} of {total})")
    rebuild_cancel = Label("取消重建", "Cancel the rebuild")
    rebuild_cancelling = Label("正在取消重建…", "Cancelling the rebuild…")
    rebuild_cancelled = Label(
        "重建已取消，继续使用原来的索引。", "The rebuild was cancelled; the index of before is in use."
    )
    rebuild_done = Label("重建完成：成功 {good}，失败 {bad}", "Rebuild finished: {good} succeeded, {bad} failed")
    rebuild_unchanged = Label(
        "文件和设置都没有变化，索引无需重建。", "Nothing has changed, so the index stays as it is."
    )
    rebuild_empty = Label("没有可以重建的文件。", "There are no files to rebuild from.")
    rebuild_failed = Label(
        "重建失败，继续使用原来的索引：{reason}", "The rebuild failed, the index of before is in use: {reason}"
    )
    edits_lost = Label(
        "有 {count} 处对分块的修改在新的切分中找不到位置，未能保留。",
        "Changes of chunks that found no place in the new splitting, and are lost: {count}.",
    )
    dismiss = Label("知道了", "Dismiss")

    # check and repair
    care = Label("检查与修复", "Check and repair")
    care_hint = Label(
        "核对磁盘上的文件、数据库和两个索引是否一致。检查不会改动任何内容。",
        "Compares the files on disk, the database and both indexes. A check changes nothing.",
    )
    check = Label("检查", "Check")
    repair = Label("修复", "Repair")
    checking = Label("正在检查", "Checking")
    repairing = Label("正在修复", "Repairing")
    care_stays = Label("可以离开本页，结果会保留。", "You may leave the page; what comes of it is kept.")
    care_when = Label("{age}检查", "Checked: {age}")
    care_hashing = Label("核对文件内容（{done}/{total}）", "comparing files ({done} of {total})")
    care_comparing = Label("比对数据库与索引", "comparing database and indexes")
    care_repairing = Label("清理残留", "removing left-overs")
    care_embedding = Label("补充索引（{done}/{total}）", "adding to the indexes ({done} of {total})")
    care_failed = Label("没有完成：{reason}", "It did not finish: {reason}")
    check_fine = Label("一切一致：{files} 个文件，{chunks} 个分块。", "All agrees: {files} files, {chunks} chunks.")
    check_busy = Label(
        "正在被修改，没有检查。请稍后再试。", "It is being changed, so nothing was checked. Try again later."
    )
    check_damaged = Label("索引无法打开，请重建索引。", "The index cannot be opened. Rebuild it.")
    check_found = Label("发现 {count} 类不一致：", "Disagreements found, by kind: {count}")
    repair_done = Label(
        "修复完成：删除无主分块 {chunks_removed}、索引条目 {entries_removed}，补充索引条目 {entries_added}，"
        "移回文件 {files_moved}，删除旧索引 {indexes_removed}。",
        "Repaired: {chunks_removed} stray chunks and {entries_removed} index entries removed, {entries_added} entries "
        "added, {files_moved} files put into place, {indexes_removed} old indexes removed.",
    )
    repair_not_whole = Label("没有全部修复：{reason}", "Not everything was repaired: {reason}")
    finding_files_not_in_sql = Label(
        "文件夹里有、但尚未收录的文件（重建索引会收录）",
        "Files in the folder that are not listed (a rebuild takes them in)",
    )
    finding_files_not_on_disk = Label(
        "已收录、但磁盘上没有的文件（重建索引会移除）", "Listed files that are not on disk (a rebuild removes them)"
    )
    finding_files_changed_on_disk = Label(
        "磁盘上已改动的文件（重新读取或重建索引）", "Files that changed on disk (read them again, or rebuild)"
    )
    finding_files_unfinished = Label("尚未读完的文件（等待或重试）", "Files that are not read yet (wait, or retry)")
    finding_files_being_removed = Label("未删完的文件（修复会删完）", "Files half removed (a repair finishes it)")
    finding_files_with_wrong_ledger = Label(
        "登记数字不符的文件（重建索引）", "Files whose numbers cannot be right (rebuild)"
    )
    finding_uploads_not_in_place = Label(
        "尚未就位的上传（修复会移好）", "Uploads not in their place (a repair moves them)"
    )
    finding_uploads_without_job = Label(
        "无人处理的上传（修复会删除）", "Uploads nobody works on (a repair removes them)"
    )
    finding_old_indexes = Label("旧的索引文件夹（修复会删除）", "Old index folders (a repair removes them)")
    finding_chunks_invisible = Label("无主的分块（修复会删除）", "Stray chunks (a repair removes them)")
    finding_chunks_without_vector = Label(
        "缺少向量的分块（修复会补上）", "Chunks without a vector (a repair adds them)"
    )
    finding_chunks_without_words = Label("缺少词条的分块（修复会补上）", "Chunks without words (a repair adds them)")
    finding_vectors_without_chunk = Label(
        "没有分块的向量（修复会删除）", "Vectors without a chunk (a repair removes them)"
    )
    finding_words_without_chunk = Label("没有分块的词条（修复会删除）", "Words without a chunk (a repair removes them)")

    # summaries
    summary_whole = Label("整个知识库", "The whole knowledge base")
    summary_files = Label("各个文件", "The files")
    summary_none = Label("还没有摘要。", "No summary yet.")
    summary_hint = Label(
        "摘要由当前模型在后台生成，可以离开本页。内置模型不会改写，只摘出最核心的原句。",
        "Summaries are made in the background; you may leave the page. The built-in model writes nothing itself: it "
        "picks the most central sentences.",
    )
    summary_make_all = Label("为所有文件和整个知识库生成摘要", "Summarise all files and the whole")
    summary_make_missing = Label("补齐缺少或过期的摘要 ({count})", "Make what is missing or out of date ({count})")
    summary_cancel = Label("取消正在生成的摘要", "Call off what is being made")
    summary_cancelled = Label("已取消，已有的摘要不变。", "Called off; summaries that were there stay.")
    summary_make = Label("生成", "Make")
    summary_renew = Label("重新生成", "Make again")
    summary_delete = Label("删除摘要", "Delete the summary")
    summary_queued = Label("等待中", "waiting")
    summary_running = Label("正在生成 {done}/{total}", "making {done} of {total}")
    summary_failed = Label("失败", "failed")
    summary_stale = Label("文件已改动，摘要已过期", "out of date: the file has changed")
    summary_extractive = Label("摘自原文", "sentences of the text")
    summary_made_by = Label("由 {model} 生成", "made by {model}")
    summary_parts = Label("各部分的摘要 ({count})", "Summaries of its parts ({count})")
    summary_started = Label("已加入摘要队列。", "The summaries are queued.")
    summary_deleted = Label("摘要已删除。", "The summary is deleted.")
    summary_no_files = Label("先上传文件，再生成摘要。", "Upload files first, then they can be summarised.")
