"""The chat page."""

from webui_pages.labels.base import Label, Table


class ChatLabels(Table):
    """Texts of this part."""

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
