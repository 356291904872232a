"""A conversation becomes tokens, by the chat template that comes with the model. No torch.

Only the template may write control tokens. transformers encodes those that stand in a message as plain text. Templates
that mark roles by ordinary words ("[INST]", "USER:") leave nothing to tell theirs from a user's, so such a word in a
message is broken by an invisible character.
"""

import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import TemplateError
from transformers.utils.chat_template_utils import mark_control_tokens

from server.llm.workers.transformers_failures import PromptRefused
from server.types import Message

WORD_JOINER = "\u2060"
_SYSTEM, _ASKED, _SAID, _ASKED_AGAIN = "zqsystemqz", "zqfirstqz", "zqanswerqz", "zqsecondqz"
_PROBE = [
    Message("system", _SYSTEM),
    Message("user", _ASKED),
    Message("assistant", _SAID),
    Message("user", _ASKED_AGAIN),
]
_NOTHING = re.compile(r"(?!)")
# Between two marks, such as "[INST] <<SYS>>", and at line ends a mark ends.
_BETWEEN_MARKS = re.compile(r"\s*\n\s*|(?<=[\]>])\s+(?=[\[<])")


class ChatPrompt:
    """Writes prompts; may be used by several threads."""

    def __init__(self, tokenizer: Any, template: str | None = None, told: Mapping[str, Any] | None = None) -> None:
        """`told` are arguments of the template. Raises `PromptRefused` when it cannot write a simple conversation."""
        self._tokenizer = tokenizer
        self._with: dict[str, Any] = {"add_generation_prompt": True, **(told or {}), "chat_template": template}
        # A tokenizer is switched between its ways to treat control tokens, for everybody who uses it.
        self._lock = threading.Lock()
        parts = self._literals()
        words = _plain_marks(parts, self._control_tokens())
        self._marks = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True)))) if words else None
        self.end_ids = self._end_ids(parts)

    def ids(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a conversation up to the place where the answer begins.

        A template that knows no system role, or wants roles to alternate, gets neighbours of one role as one message
        and the system's words in front of the user's first.

        Raises:
            PromptRefused: the template does not take these messages.
        """
        spoken = [Message(message.role, self._broken(message.content)) for message in messages]
        try:
            try:
                return self._written(spoken)
            except TemplateError:
                return self._written(_alternating(spoken))
        except (TemplateError, ValueError) as error:
            raise PromptRefused(f"the chat template refuses these messages: {error}") from error

    def plain_ids(self, text: str) -> list[int]:
        """The tokens of a text that is no conversation; control tokens in it count as such."""
        with self._lock:
            return list(self._tokenizer(text)["input_ids"])

    def _written(self, messages: Sequence[Message]) -> list[int]:
        with self._lock:
            return self._tokenizer.apply_chat_template(
                _dicts(messages), **self._with, sanitize_control_tokens=True, return_dict=False
            )

    def _broken(self, text: str) -> str:
        if self._marks is None:
            return text
        # transformers takes its own marks out of a text, which must not join two halves of a word later.
        text = mark_control_tokens(text, _NOTHING)
        normal = unicodedata.normalize("NFKC", text)
        if len(self._marks.findall(normal)) > len(self._marks.findall(text)):
            text = normal  # some tokenizers would do this, and find "[INST]" in its full-width twin
        return self._marks.sub(lambda mark: mark[0][0] + WORD_JOINER + mark[0][1:], text)

    def _literals(self) -> list[str]:
        """What the template writes before, between and after the contents of a simple conversation."""
        rendered = ""
        for probe in (_PROBE, _PROBE[1:]):
            try:
                rendered = self._tokenizer.apply_chat_template(_dicts(probe), **self._with, tokenize=False)
                break
            except TemplateError as error:
                reason = error
        else:
            raise PromptRefused(f"the chat template cannot be used: {reason}")
        return re.split("|".join((_SYSTEM, _ASKED, _SAID, _ASKED_AGAIN)), rendered)

    def _control_tokens(self) -> list[str]:
        added = (token.content for token in self._tokenizer.added_tokens_decoder.values())
        return [token for token in added if token.strip()]

    def _end_ids(self, literals: Sequence[str]) -> set[int]:
        """The control token that the template puts after an answer: some models name another one as their end."""
        after_answer = literals[-2] if len(literals) > 2 else ""
        present = [(place, token) for token in self._control_tokens() if (place := after_answer.find(token)) >= 0]
        first = min(present, default=None, key=lambda found: (found[0], -len(found[1])))
        return {self._tokenizer.convert_tokens_to_ids(first[1])} if first else set()


def _plain_marks(literals: Sequence[str], control_tokens: Sequence[str]) -> set[str]:
    """The words that mark roles, where a border between two contents holds no control token that would guard it."""
    borders = literals[1:]
    if all(any(token in border for token in control_tokens) for border in borders):
        return set()
    control = re.compile("|".join(map(re.escape, sorted(control_tokens, key=len, reverse=True))) or "(?!)")
    words = {word.strip() for part in literals for piece in control.split(part) for word in _BETWEEN_MARKS.split(piece)}
    return {word for word in words if len(word) > 1 and not word.isalnum()}


def _alternating(messages: Sequence[Message]) -> list[Message]:
    joined: list[Message] = []
    for message in messages:
        role = "user" if message.role == "system" else message.role
        if joined and joined[-1].role == role:
            joined[-1] = Message(role, f"{joined[-1].content}\n\n{message.content}")
        else:
            joined.append(Message(role, message.content))
    return joined


def _dicts(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]
