"""Exact messages through FastChat, which flattens a conversation into one prompt.

The worker hands FastChat a conversation template whose separators hold a random nonce. Nobody who writes a message or
a document knows it, so the prompt can be taken apart again without guessing, and no text can forge a role.
"""

import re
import secrets
from typing import Any

from server.types import Message, Role


class MessageCodec:
    """The separators of one worker, made at its start."""

    def __init__(self) -> None:
        nonce = secrets.token_hex(16)
        self._end = f"<|{nonce}:end|>"
        self._starts: dict[Role, str] = {role: f"<|{nonce}:{role}|>" for role in ("system", "user", "assistant")}
        self._roles: dict[str, Role] = {start: role for role, start in self._starts.items()}
        self._marks = re.compile("(" + "|".join(map(re.escape, self._roles)) + ")")

    def template(self) -> Any:
        """The `fastchat.conversation.Conversation` to give to FastChat.

        Of its styles this is the one that changes no text and takes messages with pictures.
        """
        from fastchat.conversation import Conversation, SeparatorStyle

        return Conversation(
            name="zhiwen-exact",
            system_template=self._starts["system"] + ": {system_message}",
            roles=(self._starts["user"], self._starts["assistant"]),  # pyright: ignore[reportArgumentType]
            sep_style=SeparatorStyle.ADD_COLON_TWO,
            sep=self._end,
            sep2=self._end,
        )

    def holds_messages(self, prompt: str) -> bool:
        """Whether a prompt was made with the template; another one is a text to be continued."""
        return self._marks.match(prompt) is not None

    def messages(self, prompt: str) -> list[Message]:
        """The conversation in a prompt; a prompt made without the template is one message of the user."""
        before, *parts = self._marks.split(prompt)
        if before or not parts:
            return [Message("user", prompt)]
        marked = list(zip(parts[::2], parts[1::2], strict=True))
        if marked[-1] == (self._starts["assistant"], ":"):  # the place for the answer
            marked.pop()
        spoken = [Message(self._roles[start], self._content(text)) for start, text in marked]
        return [message for message in spoken if message != Message("system", "")]

    def _content(self, text: str) -> str:
        """FastChat puts ": " before what is said and ":" where nothing is; the template does so for the system."""
        return "" if text == ":" else text.removesuffix(self._end).removeprefix(": ")
