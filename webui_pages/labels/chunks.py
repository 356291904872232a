"""Chunks one by one, and the retrieval test."""

from webui_pages.labels.base import Label, Table


class ChunkLabels(Table):
    """Texts of this part."""

    # the browser
    chunk_file = Label("文件", "File")
    all_files = Label("全部文件", "All files")
    chunk_file_gone = Label(
        "“{name}”已不在这个知识库里，下面是全部文件的分块。",
        "“{name}” is no longer in this knowledge base; these are the chunks of all files.",
    )
    chunk_state = Label("状态", "State")
    chunk_state_all = Label("全部", "All")
    chunk_state_shown = Label("启用", "Enabled")
    chunk_state_disabled = Label("停用", "Disabled")
    chunk_search = Label("查找文字", "Find text")
    chunk_total = Label("{total} 个分块", "{total} chunks")
    no_chunks = Label("没有符合条件的分块。", "No chunk fits.")
    chunk_edited = Label("已修改", "edited")
    chunk_by_hand = Label("手工添加", "by hand")
    chunk_disabled = Label("已停用，不参与检索", "disabled, not searched")
    chunk_edit = Label("编辑", "Edit")
    chunk_disable = Label("停用", "Disable")
    chunk_enable = Label("启用", "Enable")
    chunk_delete = Label("删除分块", "Delete the chunk")
    chunk_delete_confirm = Label(
        "将删除这个分块，重新读取文件也不会带回。", "The chunk goes, and reading the file again does not bring it back."
    )
    chunk_add = Label("添加分块", "Add a chunk")
    chunk_text = Label("文字", "Text")
    chunk_where = Label("位置", "Where")
    chunk_at_end = Label("末尾", "At the end")
    chunk_at_start = Label("开头", "At the beginning")
    chunk_saved = Label("分块已保存，立即可以检索。", "The chunk is saved and can be found at once.")
    chunk_deleted = Label("分块已删除。", "The chunk is deleted.")
    chunk_changed = Label(
        "这个分块刚被别人改过，没有保存。请先复制你的文字，关闭窗口，再点“编辑”查看现在的内容。",
        "Somebody else has just changed this chunk, so yours was not saved. Copy your text, close this window and "
        "press “Edit” again to see what it says now.",
    )
    chunk_needs_text = Label("请填写文字。", "Type some text.")
    show_page = Label("第 {page} 页原图", "Picture of page {page}")
    show_pages = Label("显示原页", "Show the pages")

    # the retrieval test
    retrieval_hint = Label(
        "输入一个问题，看看检索到哪些分块、排在第几、为什么。不会调用模型。",
        "Ask, and see which chunks are found, at which place, and why. No model is asked.",
    )
    retrieval_question = Label("问题", "Question")
    retrieval_placeholder = Label("例如：保修期多久？", "For example: How long is the warranty?")
    retrieval_bases = Label("知识库", "Knowledge bases")
    retrieval_ask = Label("检索", "Search")
    retrieval_more = Label("条件", "Conditions")
    retrieval_count = Label("最多几个", "At most")
    retrieval_floor = Label("最低相关度（%）", "Least relevance (%)")
    retrieval_rerank = Label("重排", "Rerank")
    rerank_follow = Label("按知识库设置", "As set")
    rerank_on = Label("开", "On")
    rerank_off = Label("关", "Off")
    retrieval_neighbours = Label("带上前后几块", "Neighbours")
    retrieval_files_example = Label("例如 2024/*.pdf", "such as 2024/*.pdf")
    retrieval_files = Label("文件（可用 * 通配，逗号分隔）", "Files (* is a wildcard; separate with commas)")
    retrieval_filters = Label("按位置和元数据筛选", "Conditions on metadata")
    filter_field = Label("字段", "Field")
    filter_page = Label("页码", "page")
    filter_slide = Label("幻灯片", "slide")
    filter_sheet = Label("工作表", "sheet")
    filter_row = Label("行号", "row")
    filter_headings = Label("章节标题", "headings")
    filter_title = Label("文档标题", "title")
    filter_source = Label("来源", "source")
    filter_category = Label("类别", "category")
    filter_operator = Label("条件", "Condition")
    filter_value = Label("值", "Value")
    retrieval_none = Label(
        "没有找到符合条件的分块。可以放宽条件，或降低最低相关度。",
        "No chunk was found. Loosen the conditions, or lower the least relevance.",
    )
    retrieval_found = Label("找到 {count} 个分块", "{count} chunks found")
    retrieval_blank = Label("请填写问题，并选择知识库。", "Type a question and choose a knowledge base.")
    timings_of_stages = Label("{total}（{stages}）", "{total} ({stages})")
    timings = Label("耗时 {total} 毫秒", "{total} ms in all")
    timing_embedding = Label("向量化 {ms}", "embedding {ms}")
    timing_index = Label("两个索引 {ms}", "both indexes {ms}")
    timing_lookup = Label("取文字 {ms}", "texts {ms}")
    timing_rerank = Label("重排 {ms}", "rerank {ms}")
    rank_final = Label("名次", "Rank")
    rank_dense = Label("语义名次", "Meaning: rank")
    score_dense = Label("语义相似度", "Meaning: cosine")
    rank_lexical = Label("词语名次", "Words: rank")
    score_lexical = Label("词语得分", "Words: score")
    rank_fused = Label("融合名次", "Fused: rank")
    score_fused = Label("融合得分", "Fused: score")
    rank_rerank = Label("重排名次", "Reranked: rank")
    score_rerank = Label("重排得分", "Reranked: score")
    score_final = Label("相关度", "Relevance")
    place_in_file = Label("位置", "Place")
    why_both = Label("语义和词语都认为相符。", "Both meaning and words speak for it.")
    why_dense = Label("意思相近，但用词不同。", "Close in meaning, though in other words.")
    why_lexical = Label("用词相同，语义排名靠后。", "The same words; by meaning it is not among the best.")
    why_neither = Label("两种检索都只是勉强相符。", "Neither is sure about it.")
    why_moved_up = Label("重排把它从第 {before} 提到第 {now}。", "The reranker moved it up from {before} to {now}.")
    why_moved_down = Label("重排把它从第 {before} 降到第 {now}。", "The reranker moved it down from {before} to {now}.")
    neighbours_before = Label("上文", "Before")
    neighbours_after = Label("下文", "After")
    open_in_browser = Label("在分块中查看", "Show among the chunks")
