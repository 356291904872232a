"""Two local models and two providers at once: what happens to one is not felt by the others."""

import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "integration"))

from gateway_backend import backend  # pyright: ignore[reportMissingImports]
from models_stand import Said, Stand, stand
from tiny_models import make_model  # pyright: ignore[reportMissingImports]

pytestmark = pytest.mark.e2e

LOCAL = ("tiny-qwen", "tiny-llama")
SLOW, BROKEN = "slow/turtle", "broken/glass"
ALL = {*LOCAL, SLOW, BROKEN}
PAUSE_S = 2.0
REASON = "the cards are on fire"
BOTH = ("api", "openai")

SETTINGS = """
[models]
llm_preference = ["tiny-qwen", "builtin-extractive"]
embed_preference = ["builtin-ngram"]
[models.llm.tiny-qwen]
engine = "transformers"
path = "{folder}/qwen2"
threads = 1
[models.llm.tiny-llama]
engine = "transformers"
path = "{folder}/llama"
threads = 1
[models.llm.pair]
engine = "fake"
replicas = 2
[providers.slow]
base_url = "{slow}"
models = ["turtle"]
[providers.broken]
base_url = "{broken}"
models = ["glass"]
max_retries = 0
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("together")
    for kind in ("qwen2", "llama"):
        make_model(folder / kind, kind, endless=True)
    failing = (500, {"error": {"message": REASON}})
    with backend(answers=[["慢", "慢", "来"]], pause_s=PAUSE_S) as slow, backend(answers=[failing]) as broken:
        settings = SETTINGS.format(folder=folder.as_posix(), slow=slow.url, broken=broken.url)
        with stand(folder, settings, "-n", *LOCAL) as started:
            yield started
    assert started.left() == [], "the end of startup.py is the end of every process"


@pytest.fixture
def everything(running: Stand):
    """All four can be asked, whatever an earlier test has stopped."""
    if "tiny-llama" not in running.fastchat_models():
        running.post("/llm_model/start", model_name="tiny-llama")
    running.wait_until(lambda: running.fastchat_models() >= ALL)
    return running


def test_all_four_are_listed_with_their_states(everything: Stand) -> None:
    _, listed = everything.post("/llm_model/list_running_models")
    assert set(listed["data"]) == ALL
    assert everything.fastchat_models() == ALL
    _, configured = everything.post("/llm_model/list_config_models")
    assert {*LOCAL, "builtin-extractive"} <= set(configured["data"]["local"])
    assert set(configured["data"]["online"]) == {SLOW, BROKEN}
    states = everything.states()
    assert {name: states[name]["state"] for name in ALL} == dict.fromkeys(ALL, "running")
    assert states["builtin-extractive"]["state"] == "stopped"
    assert {name for name in ALL if states[name]["kind"] == "online"} == {SLOW, BROKEN}


@pytest.mark.parametrize("base", BOTH)
@pytest.mark.parametrize("model", LOCAL)
def test_a_local_model_says_the_same_streamed_and_not(everything: Stand, base: str, model: str) -> None:
    whole = everything.chat(base, model, temperature=0)
    streamed = everything.chat(base, model, temperature=0, stream=True)
    assert (whole.status, streamed.status) == (200, 200), whole.body
    assert whole.text == streamed.text != ""


@pytest.mark.parametrize("base", BOTH)
def test_a_slow_provider_holds_nobody_up(everything: Stand, base: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(everything.chat, base, SLOW, stream=True) for _ in range(4)]
        answers: list[Said] = []
        while not all(each.done() for each in waiting):
            answers += pool.map(lambda model: everything.chat(base, model), LOCAL)
        slow = [each.result() for each in waiting]
    assert [each.text for each in slow] == ["慢慢来"] * 4
    assert all(3 * PAUSE_S <= each.seconds < 12 * PAUSE_S for each in slow), "side by side, not one after another"
    assert [each.status for each in answers] == [200] * len(answers)
    assert len(answers) >= 4, "several were answered while the slow ones were under way"
    assert min(each.seconds for each in answers) < PAUSE_S


@pytest.mark.parametrize("base", BOTH)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failing_provider_tells_its_reason_and_others_answer(everything: Stand, base: str, stream: bool) -> None:
    with ThreadPoolExecutor(3) as pool:
        broken = pool.submit(everything.chat, base, BROKEN, stream=stream)
        others = list(pool.map(lambda model: everything.chat(base, model, stream=stream), LOCAL))
    assert REASON in broken.result().error
    assert [each.status for each in others] == [200, 200]
    assert all(each.text for each in others)


def test_a_stopped_model_gives_its_memory_back_and_says_what_runs(everything: Stand) -> None:
    worker, before = everything.processes()["tiny-llama"], everything.memory()
    held = worker.memory_info().rss
    assert everything.post("/llm_model/stop", model_name="tiny-llama")[0] == 200
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
    assert everything.memory() < before - held / 2
    assert everything.states()["tiny-llama"]["state"] == "stopped"
    assert everything.fastchat_models() == ALL - {"tiny-llama"}
    refused = everything.chat("api", "tiny-llama")
    assert refused.status == 503
    running = ", ".join(sorted(ALL - {"tiny-llama"}))
    assert f"not running; running: {running}" in refused.error
    status, answer = everything.post("/chat/chat", query="你好", model_name="tiny-llama", stream=False)
    assert status == answer["code"] == 503
    assert "not running; running:" in answer["msg"]
    elsewhere = everything.chat("openai", "tiny-llama")
    assert elsewhere.status == 400
    assert "tiny-qwen" in elsewhere.error
    assert everything.chat("api", "tiny-qwen").status == 200
    assert everything.post("/llm_model/stop", model_name="tiny-llama")[0] == 409


def test_one_model_is_changed_for_another(running: Stand) -> None:
    if "tiny-llama" in running.fastchat_models():
        assert running.post("/llm_model/stop", model_name="tiny-llama")[0] == 200
    assert running.post("/llm_model/start", model_name="builtin-extractive")[0] == 200
    assert running.fastchat_models() == {*ALL, "builtin-extractive"} - {"tiny-llama"}
    assert running.chat("openai", "builtin-extractive", "你是谁？").text
    back = {"model_name": "builtin-extractive", "new_model_name": "tiny-llama"}
    assert running.post("/llm_model/change", **back)[0] == 200
    assert running.fastchat_models() == ALL
    assert "builtin-extractive" not in running.processes()
    assert running.chat("api", "tiny-llama").status == 200


def test_a_killed_worker_is_started_again_while_others_answer(everything: Stand) -> None:
    died, gone = everything.processes()["tiny-qwen"], threading.Event()
    statuses: list[int] = []

    def keep_asking() -> None:
        while not gone.is_set():
            statuses.append(everything.chat("api", "tiny-llama").status)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(keep_asking)
        try:
            died.send_signal(signal.SIGKILL)
            everything.wait_until(lambda: "is being started again" in told(everything, "tiny-qwen"))
            everything.wait_until(lambda: everything.states()["tiny-qwen"]["restarts"] == 1)
            everything.wait_until(lambda: everything.states()["tiny-qwen"]["state"] == "running")
        finally:
            gone.set()
        asking.result()
    assert everything.processes()["tiny-qwen"].pid != died.pid
    assert everything.chat("api", "tiny-qwen").status == 200
    assert statuses
    assert set(statuses) == {200}


def test_one_replica_of_two_is_enough(everything: Stand) -> None:
    assert everything.post("/llm_model/start", model_name="pair")[0] == 200
    assert len(everything.workers("pair")) == 2
    launcher = psutil.Process(everything.launcher.pid)
    launcher.suspend()  # else the other one would be there again
    try:
        everything.workers("pair")[1].kill()
        everything.wait_until(lambda: [everything.chat("api", "pair").status for _ in range(6)] == [200] * 6)
    finally:
        launcher.resume()
    assert everything.states()["pair"]["state"] == "running"
    assert everything.post("/llm_model/stop", model_name="pair")[0] == 200
    assert "not running; running:" in told(everything, "pair")
    assert everything.states()["pair"]["reason"] == "", "that one of them was killed once is of no interest now"


def told(running: Stand, model: str) -> str:
    """Why a model does not answer; nothing when it does."""
    said = running.chat("api", model)
    return "" if said.status == 200 else said.error
