"""Answers: while they come, their sources, the steps of an agent, what is thought of them."""

from webui_pages.labels.base import Label, Table


class AnswerLabels(Table):
    """Texts of this part."""

    searching = Label("正在检索文档…", "Searching the documents…")
    searching_web = Label("正在联网搜索…", "Searching the web…")
    answering = Label("正在组织回答…", "Writing the answer…")
    waited = Label("（{seconds} 秒）", " ({seconds} s)")
    stop = Label("停止", "Stop")
    answer_cut = Label(
        "与知识库接口的连接断开，回答没有完成。恢复后可以重新生成。",
        "The connection to the knowledge API broke before the end. Answer again once it is back.",
    )
    stopped = Label("已停止。", "Stopped.")
    empty_answer = Label(
        "模型没有返回内容。请换一种问法重试，或查看模型的日志。",
        "The model returned nothing. Ask in other words, or read the log of the model.",
    )
    only_sources = Label("没有让模型回答，以下是找到的原文。", "No model was asked; these are the passages found.")
    failed_before = Label(
        "这次回答没有完成（{code}），可以重新生成。", "This answer was not finished ({code}). You can regenerate it."
    )
    rewritten = Label("按完整的问题检索：{question}", "Searched for: {question}")
    trimmed = Label(
        "超出模型长度，省略了 {messages} 条较早的消息和 {hits} 个分块。",
        "Too long for the model: {messages} earlier messages and {hits} chunks were left out.",
    )
    cut_short = Label("回答达到长度上限，可能不完整。", "The answer reached its length limit and may be incomplete.")
    earlier = Label("显示更早的 {count} 轮", "Show {count} earlier turns")
    regenerate = Label("重新生成", "Regenerate")
    edit_question = Label("修改问题", "Edit the question")
    resend = Label("重新发送", "Send again")
    edit_hint = Label("重新发送会删除这个问题之后的全部内容。", "Sending again removes everything after this question.")
    copy_answer = Label("复制", "Copy")
    feedback = Label("这个回答有帮助吗？", "Was this answer helpful?")
    feedback_reason = Label("说说原因", "Say why")
    feedback_reason_hint = Label("可不填", "Optional")
    feedback_send = Label("提交", "Send")
    feedback_thanks = Label("谢谢，已记下。", "Thank you, noted.")

    # sources
    sources = Label("来源 ({count})", "Sources ({count})")
    no_sources = Label(
        "没有找到与问题相符的内容，以上回答没有文档依据。可以换一种问法，或在“设置”中调低最低相关度。",
        "Nothing matches the question, so the answer rests on no document. Ask in other words, or lower the least "
        "relevance in “Settings”.",
    )
    place_page = Label("第 {page} 页", "Page {page}")
    place_row = Label("第 {row} 行", "Row {row}")
    place_slide = Label("第 {slide} 张幻灯片", "Slide {slide}")
    place_sheet = Label("工作表 {sheet}", "Sheet {sheet}")
    place_rows = Label("第 {first}–{last} 行", "Rows {first}–{last}")
    place_lines = Label("第 {first}–{last} 行", "Lines {first}–{last}")
    relevance = Label("相关度 {percent}%", "Relevance {percent}%")
    open_source = Label("打开", "Open")
    open_link = Label("打开网页", "Open the page")
    download = Label("下载", "Download")
    page_picture = Label("{file} 第 {page} 页，引用的段落已框出", "{file}, page {page}, with the passage boxed")
    around = Label("上下文", "The text around it")
    passage_changed = Label(
        "文件已更新或分块已删除，这里显示回答时引用的原文。",
        "The file has changed since; this is the passage as it was quoted.",
    )

    # steps of an agent
    steps = Label("步骤 ({count})", "Steps ({count})")
    steps_running = Label("正在使用工具：{name}", "Using a tool: {name}")
    step_input = Label("输入", "Input")
    step_output = Label("输出", "Output")
    step_error = Label("出错", "Error")
