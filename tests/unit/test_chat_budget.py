"""What goes into a prompt when not everything fits."""

from server.chat.budget import fit, room_for_prompt
from server.llm.chat_models import WINDOW
from server.llm.tokens import estimate as tokens
from server.types import Chunk, Hit, Message


def hit(number: int, text: str) -> Hit:
    return Hit(Chunk(number, "kb", "a.txt", number, text), 1 - number / 100, 0.5, 0.5)


def test_tokens_are_estimated_high():
    assert tokens("知识库问答") == 5
    assert tokens("abcdefgh") == 2
    assert tokens("abc") == 1
    assert tokens("") == 0
    assert tokens("知识 base。") == 5


def test_everything_that_fits_stays_in_order():
    history = [Message("user", "a"), Message("assistant", "b")]
    hits = [hit(1, "x"), hit(2, "y")]
    fitted = fit(990, history, hits)
    assert fitted.history == tuple(history)
    assert fitted.hits == tuple(hits)


def test_oldest_history_goes_before_any_hit():
    history = [Message("user", "旧" * 100), Message("assistant", "中" * 100), Message("user", "新" * 100)]
    hits = [hit(n, "文" * 100) for n in range(1, 4)]
    fitted = fit(580, history, hits)
    assert fitted.hits == tuple(hits)
    assert fitted.history == (history[-1],)


def test_history_has_no_holes():
    history = [Message("user", "短"), Message("assistant", "长" * 500), Message("user", "短")]
    assert fit(200, history, []).history == (history[-1],)


def test_lowest_hits_go_first():
    hits = [hit(n, "文" * 100) for n in range(1, 10)]
    fitted = fit(400, [Message("user", "x" * 400)], hits)
    assert fitted.hits == tuple(hits[:3])
    assert fitted.history == ()


def test_best_hit_is_cut_rather_than_lost():
    fitted = fit(140, [], [hit(1, "长" * 1000), hit(2, "短")])
    assert len(fitted.hits) == 1
    assert 50 < tokens(fitted.hits[0].chunk.text) <= 140


def test_room_leaves_space_for_the_answer():
    assert room_for_prompt(None, WINDOW) < WINDOW
    assert room_for_prompt(100, WINDOW) == WINDOW - 100
    assert room_for_prompt(1_000_000, WINDOW) == WINDOW // 2
