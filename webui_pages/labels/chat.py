"""The chat page: modes, settings, dropped files, what to ask."""

from webui_pages.labels.base import Label, Table


class ChatLabels(Table):
    """Texts of this part."""

    mode = Label("对话模式", "Mode")
    mode_llm = Label("模型", "Model")
    mode_knowledge_base = Label("知识库", "Knowledge base")
    mode_file = Label("文件", "Files")
    mode_search_engine = Label("联网", "Web")
    mode_agent = Label("智能体", "Agent")
    knowledge_base = Label("知识库", "Knowledge base")
    choose_knowledge_bases = Label("选择知识库，可多选", "Choose knowledge bases")
    no_knowledge_base = Label(
        "还没有知识库，请先新建一个并上传文件。", "There is no knowledge base yet. Create one and upload files to it."
    )
    manage_knowledge_bases = Label("管理知识库", "Manage knowledge bases")
    no_knowledge_base_chosen = Label("请先选择要提问的知识库。", "Choose a knowledge base to ask first.")
    empty_knowledge_base = Label(
        "所选知识库里还没有可以检索的内容，请先上传文件。",
        "What you chose holds nothing to search yet. Upload files first.",
    )

    # the settings panel
    options = Label("设置", "Settings")
    chat_model = Label("模型", "Model")
    model_default = Label("默认", "Default")
    model_default_named = Label("默认（{name}）", "Default ({name})")
    model_not_running = Label("{name}（未运行）", "{name} (not running)")
    prompt = Label("提示词模板", "Prompt template")
    prompt_help = Label(
        "configs/prompts/ 中的模板，新增文件后立即可选。",
        "Templates in configs/prompts/; a new file can be chosen at once.",
    )
    prompt_default = Label("默认", "default")
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
    return_direct = Label("只检索，不让模型回答", "Only search, ask no model")
    return_direct_help = Label(
        "列出找到的原文，更快，也不消耗模型。", "Lists the passages found: faster, and no model is used."
    )
    read_pages = Label("阅读网页正文", "Read the pages")
    read_pages_help = Label(
        "打开搜索结果的网页，取其中最相关的段落；较慢，更准确。",
        "Opens the pages that were found and takes their best parts: slower and more exact.",
    )

    # search engines and tools
    engine = Label("搜索引擎", "Search engine")
    engines_missing = Label("尚未配置：{names}", "Not configured: {names}")
    comma = Label("、", ", ")
    engine_missing = Label("{name}（缺少 {setting}）", "{name} (lacks {setting})")
    tools = Label("智能体可以使用的工具", "Tools the agent may use")
    tools_chosen = Label("工具 ({count})", "Tools ({count})")
    choose_tools = Label("选择工具", "Choose tools")
    tools_missing = Label("暂不可用的工具：{names}", "Tools that cannot be used now: {names}")

    # dropped files
    dropped_hint = Label(
        "把文件拖进下面的输入框，或点其中的回形针添加，然后提问。",
        "Drop files into the box below, or add them with its paper clip; then ask.",
    )
    dropped_files = Label("已添加的文件", "Files of this chat")
    dropped_life = Label(
        "只保存在内存中，{minutes} 分钟不使用就会清除。",
        "Kept in memory only; forgotten after {minutes} minutes without use.",
    )
    dropped_gone = Label(
        "之前添加的文件已过期清除，请重新添加。", "The files of this chat have expired. Add them again."
    )
    dropped_waiting = Label("正在读取 {count} 个文件…", "Reading {count} files…")
    dropped_failed = Label("{name} 无法使用：{reason}", "{name} cannot be used: {reason}")
    dropped_none = Label("请先添加可以读取的文件，再提问。", "Add files that can be read, then ask.")
    drop_file = Label("移除 {name}", "Remove {name}")
    drop_all = Label("全部移除", "Remove all")

    # what to ask
    not_asked = Label("这个问题没有发送：", "This was not asked:")
    ask = Label("输入问题，按回车发送；/help 查看命令", "Ask a question; /help lists commands")
    welcome_knowledge_base = Label("向文档提问", "Ask your documents")
    welcome_knowledge_base_hint = Label(
        "答案来自知识库里的文件，并标明出处。", "Answers come from the files of the knowledge base, with their sources."
    )
    welcome_llm = Label("与模型对话", "Talk to the model")
    welcome_llm_hint = Label("直接由模型回答，不检索文档。", "The model answers by itself; no document is searched.")
    welcome_file = Label("向一个文件提问", "Ask a file")
    welcome_file_hint = Label(
        "文件只用于这次对话，不进入知识库。", "Files are for this conversation only and enter no knowledge base."
    )
    welcome_search_engine = Label("联网查找答案", "Search the web")
    welcome_search_engine_hint = Label(
        "回答依据搜索结果，并附上链接。", "Answers rest on search results, with their links."
    )
    welcome_agent = Label("让智能体使用工具", "Let an agent use tools")
    welcome_agent_hint = Label(
        "模型自己决定查知识库、计算或联网，步骤可以展开查看。",
        "The model decides when to search, calculate or look on the web; its steps can be unfolded.",
    )
    no_model = Label(
        "还没有接入大模型：现在由内置阅读器从文档中摘出原句作答，不会归纳。",
        "No language model is set up: the built-in reader answers with sentences of the documents.",
    )
    no_model_add = Label("接入 Ollama 或在线模型", "Add Ollama or an online model")
    sample_question_1 = Label("知问支持哪些文件格式？", "Which file formats can Zhiwen read?")
    sample_question_2 = Label("网页界面的默认端口是多少？", "What is the default port of the web page?")
    sample_question_3 = Label("怎样重建知识库的索引？", "What do I do when a port is already in use?")
    any_question_1 = Label("这个知识库主要讲了什么？", "What is this knowledge base about?")
    any_question_2 = Label("请列出其中的要点。", "List the main points.")
    llm_question_1 = Label("你能帮我做什么？", "What can you help me with?")
    llm_question_2 = Label(
        "用三句话解释什么是检索增强生成。", "Explain retrieval-augmented generation in three sentences."
    )
    file_question_1 = Label("这个文件主要讲了什么？", "What is this file about?")
    web_question_1 = Label("今天有哪些值得关注的科技新闻？", "What is in the technology news today?")
    agent_question_1 = Label("现在几点？再算一下 37 × 91。", "What time is it? And what is 37 × 91?")
