"""Errors of conversations and their messages."""

from server.errors.base import Conflict, NotFound


class ConversationNotFound(NotFound):
    """Detail: id."""

    code = "conversation_not_found"
    en = 'There is no conversation "{id}". It may have been deleted, or belong to another API key.'
    zh = "没有会话“{id}”，它可能已被删除，或属于另一个 API 密钥。"


class MessageNotFound(NotFound):
    """Detail: id."""

    code = "message_not_found"
    en = 'There is no message "{id}". Send the message_id that came with the answer.'
    zh = "没有消息“{id}”，请使用回答中附带的 message_id。"


class ConversationExists(Conflict):
    """Detail: id."""

    code = "conversation_exists"
    en = 'There is already a conversation "{id}". Use it, or choose another id.'
    zh = "已存在会话“{id}”，请直接使用它，或换一个 id。"
