"""Conversations in the sidebar, and the commands that can be typed."""

from webui_pages.labels.base import Label, Table


class ConversationLabels(Table):
    """Texts of this part."""

    new_conversation = Label("新对话", "New chat")
    search_conversations = Label("搜索对话", "Search chats")
    no_conversations = Label("还没有对话。", "No chats yet.")
    no_conversations_found = Label("没有找到相符的对话。", "No chat matches.")
    untitled = Label("未命名", "Untitled")
    conversation_menu = Label("重命名或删除", "Rename or delete")
    rename = Label("重命名", "Rename")
    rename_title = Label("重命名对话", "Rename the chat")
    conversation_title = Label("标题", "Title")
    save_title = Label("保存", "Save")
    delete_conversation = Label("删除", "Delete")
    delete_conversation_title = Label("删除对话", "Delete the chat")
    delete_conversation_confirm = Label(
        "将删除“{title}”及其中的 {messages} 轮问答，无法恢复。",
        "This deletes “{title}” with its messages (turns: {messages}). It cannot be undone.",
    )
    conversation_deleted = Label("对话已删除。", "The chat is deleted.")
    page_before = Label("上一页", "Page before")
    page_after = Label("下一页", "Page after")
    conversation_pages = Label("第 {page} / {pages} 页", "Page {page} of {pages}")
    export_conversation = Label("导出", "Export")
    export_markdown = Label("Markdown 文件", "Markdown file")
    export_json = Label("JSON 数据", "JSON data")

    command_help = Label(
        "可以在输入框中使用的命令：\n\n"
        "- `/new 标题`：开始新对话，标题可不填\n"
        "- `/del`：删除当前对话；`/del 标题` 删除那个对话\n"
        "- `/clear`：清空当前对话的消息\n"
        "- `/help`：显示这份说明\n\n"
        "以两个斜杠开头可以发送以 / 开头的问题。",
        "Commands for the box:\n\n"
        "- `/new title`: a new chat, the title is optional\n"
        "- `/del`: delete this chat; `/del title` the one of that title\n"
        "- `/clear`: remove the messages of this chat\n"
        "- `/help`: show this text\n\n"
        "Two slashes send a question that begins with one.",
    )
    command_help_title = Label("命令", "Commands")
    command_unknown = Label(
        "没有命令 {command}。输入 /help 查看全部命令。", "There is no command {command}. Type /help for all of them."
    )
    command_no_conversation = Label("没有标题为“{title}”的对话。", "There is no chat of the title “{title}”.")
    command_several = Label(
        "有 {count} 个标题为“{title}”的对话，请在左侧列表中删除。",
        "{count} chats have the title “{title}”. Delete one of them in the list at the left.",
    )
    command_nothing = Label("当前没有已保存的对话。", "There is no saved chat open.")
    cleared = Label("已清空对话。", "The chat is empty now.")
