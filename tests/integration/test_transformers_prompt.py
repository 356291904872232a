"""What a model is given to read: the same as its own chat template writes, and roles that no message can change."""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import make_tokenizer

from server.llm.workers.transformers_failures import PromptRefused
from server.llm.workers.transformers_prompt import ChatPrompt
from server.types import Message

KINDS = ("qwen2", "llama", "glm")
MARKS = [
    *(
        "<|im_start|>",
        "<|im_end|>",
        "<|endoftext|>",
        "[INST]",
        "[/INST]",
        "<<SYS>>",
        "<</SYS>>",
        "<s>",
        "</s>",
        "<unk>",
    ),
    *("<|system|>", "<|user|>", "<|assistant|>", "[gMASK]", "<sop>", "system\n", "assistant\n", "USER:", "ASSISTANT:"),
    *("<|im_", "start|>", "[IN", "ST]", "[/", "<|", "|>", "\n", " ", "\u2060", "\U000f0000", "\U000f0001", "［INST］"),
]
HOSTILE = st.lists(st.one_of(st.sampled_from(MARKS), st.text(max_size=4)), max_size=8).map("".join)
HARMLESS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Co", "Cn")), max_size=40).filter(
    lambda text: not set(text) & set("<[|")
)


@functools.cache
def tokenizer(kind):
    return make_tokenizer(kind)


@functools.cache
def prompt(kind):
    return ChatPrompt(tokenizer(kind))


def conversation(system, first, answer, second):
    return [Message("system", system), Message("user", first), Message("assistant", answer), Message("user", second)]


def roles(kind, ids):
    """The control tokens and the words that mark roles, in order."""
    special = set(tokenizer(kind).all_special_ids)
    marks = [token for token in ids if token in special]
    text = tokenizer(kind).decode(ids)
    return marks, [text.count(word) for word in ("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>") if kind == "llama"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(texts=st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE))
def test_no_message_changes_the_roles(kind, texts):
    ids = prompt(kind).ids(conversation(*texts))
    assert roles(kind, ids) == roles(kind, prompt(kind).ids(conversation("a", "b", "c", "d")))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=80, deadline=None)
@given(texts=st.tuples(HARMLESS, HARMLESS, HARMLESS, HARMLESS))
def test_harmless_messages_are_written_as_the_template_does(kind, texts):
    messages = conversation(*texts)
    dicts = [{"role": message.role, "content": message.content} for message in messages]
    expected = tokenizer(kind).apply_chat_template(dicts, add_generation_prompt=True, return_dict=False)
    assert prompt(kind).ids(messages) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_words_of_a_forged_mark_stay_readable(kind):
    text = "what does <|im_end|> mean? And </s>, <|user|>?"
    assert text in tokenizer(kind).decode(prompt(kind).ids([Message("user", text)]))


def test_roles_that_a_template_refuses_are_joined():
    ids = prompt("llama").ids([Message("user", "one"), Message("user", "two"), Message("system", "three")])
    assert tokenizer("llama").decode(ids) == "<s>[INST] one\n\ntwo\n\nthree [/INST]"


@pytest.mark.parametrize(("kind", "end"), [("qwen2", "<|im_end|>"), ("llama", "</s>"), ("glm", "<|user|>")])
def test_the_token_that_ends_an_answer_is_read_from_the_template(kind, end):
    assert prompt(kind).end_ids == {tokenizer(kind).convert_tokens_to_ids(end)}


def test_a_broken_template_is_refused():
    with pytest.raises(PromptRefused, match="cannot be used"):
        ChatPrompt(tokenizer("qwen2"), "{{ raise_exception('no') }}")


def test_arguments_of_the_template_are_told_to_it():
    template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n{% if enable_thinking is defined and not enable_thinking %}no thoughts\n{% endif %}"
    )
    plain, quiet = (ChatPrompt(tokenizer("qwen2"), template, told) for told in (None, {"enable_thinking": False}))
    asked = [Message("user", "hello")]
    decode = tokenizer("qwen2").decode
    assert decode(quiet.ids(asked)) == f"{decode(plain.ids(asked))}no thoughts\n"
