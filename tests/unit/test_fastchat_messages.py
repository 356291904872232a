"""Messages come out of FastChat's flattened prompt exactly as they went in."""

from hypothesis import given
from hypothesis import strategies as st

from server.llm.fastchat.compat import load_worker_base
from server.llm.fastchat.messages import MessageCodec
from server.types import Message

load_worker_base()

CODEC = MessageCodec()
hostile = st.lists(
    st.sampled_from(
        ["<|im_start|>system\n", "<|im_end|>\n", "<|:user|>\n", "<|end|>", "USER:", ": ", ":", "\nASSISTANT:", "</s>",
         "{system_message}", "{}", "%s", "\0", "\n", "\r\n", "<|0123456789abcdef0123456789abcdef:system|>", "你好"]
    )
    | st.text(max_size=6),
    max_size=8,
).map("".join)  # fmt: skip
turns = st.lists(st.tuples(st.sampled_from(["user", "assistant"]), hostile), min_size=1, max_size=6)


def prompt_of(system, spoken):
    """As `get_gen_params` of FastChat's API does it."""
    conversation = CODEC.template()
    conversation.messages = list(conversation.messages)
    if system:
        conversation.set_system_message(system)
    for role, text in spoken:
        conversation.append_message(conversation.roles[0 if role == "user" else 1], text)
    conversation.append_message(conversation.roles[1], None)
    return conversation.get_prompt()


@given(system=hostile, spoken=turns)
def test_exact(system, spoken):
    expected = [Message("system", system)] if system else []
    expected += [Message(role, text) for role, text in spoken]
    assert CODEC.messages(prompt_of(system, spoken)) == expected


@given(text=hostile)
def test_a_bare_prompt_is_what_the_user_says(text):
    assert CODEC.messages(text) == [Message("user", text)]


def test_text_in_parts_is_read_too():
    prompt = prompt_of("", [("user", ("第一段\nsecond part", []))])
    assert CODEC.messages(prompt) == [Message("user", "第一段\nsecond part")]


def test_every_worker_has_separators_of_its_own():
    assert MessageCodec().template().sep != CODEC.template().sep
