"""Our client of FastChat's OpenAI API: streaming, cancelling, and every failure as an error of ours."""

import asyncio
import subprocess
import sys
import time
from contextlib import aclosing

import httpx
import pytest
from fastchat_services import ROOT, Fabric, wait_until
from free_ports import free_port

from configs.settings import Settings, load_settings
from server.errors import ModelFailed, ModelNotFound, ModelTimeout, ModelUnavailable, ServiceUnavailable
from server.llm.chat_models import ChatModels
from server.llm.generation import Generation
from server.types import Message


@pytest.fixture(scope="module")
def fabric(tmp_path_factory):
    fabric = Fabric(tmp_path_factory.mktemp("fabric"))
    try:
        fabric.controller()
        fabric.api = fabric.openai_api()
        fabric.scripted = fabric.worker("scripted", "fake")
        fabric.wait_for("fake")
        yield fabric
    finally:
        fabric.close()


@pytest.fixture
def settings(fabric):
    return pointing_at(fabric.controller_port, fabric.api.port)


def pointing_at(controller: int, api: int, silence_s: float = 20) -> Settings:
    settings = load_settings()
    services = settings.services.model_copy(
        update={
            "controller": settings.services.controller.model_copy(update={"port": controller}),
            "openai_api": settings.services.openai_api.model_copy(update={"port": api}),
        }
    )
    chat = settings.chat.model_copy(update={"request_timeout_s": silence_s})
    return settings.model_copy(update={"services": services, "chat": chat})


def stream(settings, text, model="fake", **options):
    return ChatModels(settings, "fake").stream([Message("user", text)], Generation(model, **options))


def ask(settings, text, model="fake", **options):
    async def collect() -> list[str]:
        return [piece.text async for piece in stream(settings, text, model, **options)]

    return asyncio.run(collect())


def test_pieces(settings):
    pieces = ask(settings, "你好", temperature=0.0)
    assert "".join(pieces) == "You asked: 你好"
    assert len(pieces) > 2
    assert "".join(ask(settings, "你好", max_tokens=2)) == "You asked"


def test_langchain_model(settings):
    model = ChatModels(settings, "fake").langchain(Generation("fake", max_tokens=2))
    assert model.invoke("hello").content == "You asked"
    assert asyncio.run(model.ainvoke("hello")).content == "You asked"


def test_running_models(settings, fabric):
    assert asyncio.run(ChatModels(settings, "fake").running()) == ["fake"]
    with pytest.raises(ServiceUnavailable, match="controller"):
        asyncio.run(ChatModels(pointing_at(free_port(), fabric.api.port), "fake").running())


def test_why_it_ended_and_what_it_cost(settings):
    async def last(**options):
        return [piece async for piece in stream(settings, "hello", **options)][-1]

    complete, cut = asyncio.run(last()), asyncio.run(last(max_tokens=2))
    assert (complete.finish_reason, cut.finish_reason) == ("stop", "length")
    assert cut.usage.exact
    assert cut.usage.completion_tokens == 2


def test_unknown_model(settings):
    with pytest.raises(ModelNotFound) as caught:
        ask(settings, "x", model="nobody")
    assert caught.value.detail == {"name": "nobody", "known": "fake"}


def test_configured_model_that_does_not_run(settings):
    with pytest.raises(ModelUnavailable, match="not running; running: fake"):
        ask(settings, "x", model="builtin-extractive")


def test_failure_before_and_amid_the_answer(settings):
    for after in (0, 3):
        with pytest.raises(ModelFailed, match="the script says that the model fails here"):
            ask(settings, f'script: {{"reply": "a b c d e f", "fail_after": {after}}}')


def test_silence(fabric):
    settings = pointing_at(fabric.controller_port, fabric.api.port, silence_s=2)
    with pytest.raises(ModelTimeout):
        ask(settings, 'script: {"reply": "a b c", "delay_s": 60}')
    longer = " ".join("abcdefghijkl")
    assert "".join(ask(settings, f'script: {{"reply": "{longer}", "delay_s": 0.2}}')) == longer


def test_nobody_listens(fabric):
    with pytest.raises(ServiceUnavailable, match="OpenAI API"):
        ask(pointing_at(fabric.controller_port, free_port()), "x")


def test_closing_cancels_the_generation(settings, fabric):
    def busy() -> int:
        asked = httpx.post(f"{fabric.scripted.url}/worker_get_status", trust_env=False, timeout=60)
        return asked.json()["queue_length"]

    async def leave_early() -> str:
        text = 'script: {"reply": "' + "word " * 4000 + '", "delay_s": 0.05}'
        async with aclosing(stream(settings, text)) as pieces:
            return (await anext(pieces)).text

    assert asyncio.run(leave_early()) == "word "
    wait_until(lambda: busy() == 0, "the worker is free again", patience_s=60)
    wait_until(lambda: "the generation is cancelled" in fabric.scripted.log.read_text(), "the worker noticed", 60)


def test_many_answers_side_by_side(settings):
    async def all_of_them() -> list[str]:
        async def one(number: int) -> str:
            return "".join([piece.text async for piece in stream(settings, f"question {number}")])

        return await asyncio.gather(*(one(number) for number in range(20)))

    assert asyncio.run(all_of_them()) == [f"You asked: question {number}" for number in range(20)]


def test_a_worker_that_dies(fabric):
    mortal = fabric.worker("scripted", "mortal")
    fabric.wait_for("mortal")
    settings = pointing_at(fabric.controller_port, fabric.api.port)
    with pytest.raises(ModelFailed, match="broke off"):
        ask(settings, 'script: {"reply": "a b c d e f", "exit_after": 2}', model="mortal")
    mortal.popen.wait(60)
    fabric.processes.remove(mortal)
    with pytest.raises(ModelUnavailable):
        ask(settings, "again", model="mortal")


def test_the_first_use_does_not_stop_the_event_loop():
    code = f"""
import asyncio, time
from server.llm.chat_models import ChatModels
from server.llm.generation import Generation
from server.errors import ServiceUnavailable
from server.types import Message
from configs.settings import load_settings
settings = load_settings()
settings = settings.model_copy(update={{"services": settings.services.model_copy(update={{
    "openai_api": settings.services.openai_api.model_copy(update={{"port": {free_port()}}})}})}})
async def main():
    worst = 0.0
    async def watch():
        nonlocal worst
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            worst = max(worst, time.perf_counter() - before - 0.01)
    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0.05)
    try:
        async for _ in ChatModels(settings, "fake").stream([Message("user", "x")], Generation("fake")): pass
    except ServiceUnavailable:
        print(worst)
asyncio.run(main())
"""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    worst, whole = float(done.stdout), time.perf_counter() - started
    assert worst < whole / 2
