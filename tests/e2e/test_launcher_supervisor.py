"""The supervisor over real processes: starting, dying, restarting, ending."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from free_ports import free_port

DRIVER = Path(__file__).with_name("launcher_driver.py")

pytestmark = pytest.mark.e2e

PATIENCE_S = 60
"""Longer than anything here takes on a busy machine."""


class Launched:
    """A launcher over stand-ins, its output and its processes."""

    def __init__(self, folder, services, **specification):
        self.folder = folder
        services = [{"port": free_port(), **service} for service in services]
        text = json.dumps({"folder": str(folder), "services": services, **specification})
        self.output = folder / "output"
        with self.output.open("wb") as stream:
            self.process = subprocess.Popen([sys.executable, DRIVER, text], stdout=stream, stderr=subprocess.STDOUT)

    @property
    def text(self):
        return self.output.read_text("utf-8")

    def pids(self, name=None):
        file = self.folder / "pids"
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [int(pid) for owner, pid in lines if name in (None, owner)]

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.text:
            assert time.monotonic() < deadline, f"never saw {text!r} in:\n{self.text}"
            assert self.process.poll() is None or text in self.text, self.text
            time.sleep(0.02)

    def wait(self):
        return self.process.wait(PATIENCE_S)

    def left(self):
        return [pid for pid in self.pids() if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]

    def wait_until_none_is_left(self):
        deadline = time.monotonic() + PATIENCE_S
        while self.left() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.left() == []


@pytest.fixture
def launch(tmp_path):
    started = []

    def start(services, **specification):
        started.append(Launched(tmp_path, services, **specification))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
    for one in started:
        one.wait_until_none_is_left()


def test_services_start_side_by_side_and_the_banner_follows(launch):
    launcher = launch([{"name": "a", "behaviour": ["--delay", "3"]}, {"name": "b", "behaviour": ["--delay", "3"]}])
    launcher.wait_for("Ready in")
    seconds = float(launcher.text.split("Ready in ")[1].split(" s")[0])
    assert seconds < 5.5, "one after the other would take six seconds"
    assert launcher.text.index("the banner") > max(launcher.text.index("a  "), launcher.text.index("b  "))


def test_a_service_waits_for_what_it_needs(launch):
    launcher = launch([{"name": "late", "after": ["first"]}, {"name": "first", "behaviour": ["--delay", "0.5"]}])
    launcher.wait_for("Ready in")
    assert [line.split()[0] for line in (launcher.folder / "pids").read_text().splitlines()] == ["first", "late"]


def test_death_while_loading_is_told_at_once_and_ends_everything(launch):
    began = time.monotonic()
    launcher = launch([{"name": "good"}, {"name": "bad", "behaviour": ["--die-loading", "3"]}])
    assert launcher.wait() == 1
    assert time.monotonic() - began < 15, "nobody waits for the start timeout"
    assert "bad" in launcher.text
    assert "ended with exit code 3" in launcher.text
    assert "ValueError: the weights are torn" in launcher.text, "the last lines of its log"
    assert "→" in launcher.text
    assert "Ready in" not in launcher.text
    assert launcher.left() == []


def test_a_service_that_never_gets_ready_fails_after_its_time(launch):
    launcher = launch([{"name": "good"}, {"name": "slow", "behaviour": ["--never"], "start_timeout_s": 1}])
    assert launcher.wait() == 1
    assert "was not ready within 1 s" in launcher.text
    assert "launcher.start_timeout_s" in launcher.text
    assert launcher.left() == []


def test_others_go_on_when_an_uncritical_one_fails(launch):
    launcher = launch([{"name": "good"}, {"name": "extra", "critical": False, "behaviour": ["--die-loading", "1"]}])
    launcher.wait_for("Ready in")
    assert "Some models are not running" in launcher.text
    assert launcher.process.poll() is None


def test_when_all_have_failed_the_launcher_ends(launch):
    launcher = launch([{"name": "extra", "critical": False, "behaviour": ["--die-loading", "1"]}])
    assert launcher.wait() == 1


def test_models_stand_in_for_each_other_until_one_loads(launch):
    dies, model = {"behaviour": ["--die-loading", "1"], "critical": False}, {"critical": False, "model": "m"}
    services = [{"name": "page"}, {"name": "big", **model, **dies}]
    stand_ins = [[{"name": "small", **model, **dies}], [{"name": "tiny", **model}], [{"name": "no"}]]
    for group in stand_ins:
        group[0].setdefault("port", free_port())
    launcher = launch(services, stand_ins=stand_ins, needs_model=True)
    launcher.wait_for("Ready in")
    for name, state in (("big", "failed"), ("small", "failed"), ("tiny", "ready")):
        assert f"{name:<24}  {state}" in launcher.text
    assert launcher.pids("no") == [], "a model that loads needs no stand-in"
    assert launcher.process.poll() is None


def test_a_start_that_is_of_no_use_without_a_model_ends_when_none_loads(launch):
    dies = {"behaviour": ["--die-loading", "1"], "critical": False, "model": "m"}
    stand_ins = [[{"name": "small", **dies, "port": free_port()}]]
    launcher = launch([{"name": "other"}, {"name": "big", **dies}], stand_ins=stand_ins, needs_model=True)
    assert launcher.wait() == 1
    assert launcher.text.count("ended with exit code 1") == 2
    assert launcher.left() == []


def test_a_later_death_is_followed_by_restarts_with_growing_pauses_then_failure_stays(launch):
    launcher = launch([{"name": "good"}, {"name": "frail", "behaviour": ["--die-after", "0.5"]}], restart_limit=2)
    launcher.wait_for("frail                     failed")
    text = launcher.text
    assert text.index("restart in 1 s") < text.index("restart in 2 s") < text.index("frail                     failed")
    assert len(launcher.pids("frail")) == 3
    assert "ended with exit code 7" in text
    assert "it was restarted 2 times and is not started again by itself" in text
    assert launcher.process.poll() is None, "the others keep running"
    assert len(launcher.left()) == 1


def test_a_restarted_service_is_ready_again(launch):
    launcher = launch([{"name": "frail", "behaviour": ["--die-after", "0.4", "--die-times", "1"]}])
    launcher.wait_for("restart in 1 s")
    launcher.wait_for("frail                     starting")
    deadline = time.monotonic() + PATIENCE_S
    while launcher.text.count("frail                     ready") < 2:
        assert time.monotonic() < deadline, launcher.text
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_everything_quietly(launch, number):
    launcher = launch([{"name": "a"}, {"name": "b", "behaviour": ["--child"]}])
    launcher.wait_for("Ready in")
    assert len(launcher.left()) == 3
    launcher.process.send_signal(number)
    assert launcher.wait() == 0
    assert "Traceback" not in launcher.text
    assert launcher.left() == [], "children of services end too"


def test_under_nohup_a_closed_terminal_ends_nothing(launch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    launcher = launch([{"name": "a"}])
    signal.signal(signal.SIGHUP, before)
    launcher.wait_for("Ready in")
    launcher.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert launcher.process.poll() is None
    assert len(launcher.left()) == 1


def test_a_signal_while_loading_ends_everything(launch):
    launcher = launch([{"name": "slow", "behaviour": ["--never"]}])
    while not launcher.pids():
        time.sleep(0.02)
    launcher.process.terminate()
    assert launcher.wait() == 0
    assert launcher.left() == []


def test_a_service_that_ignores_sigterm_is_killed_in_time(launch):
    services = [{"name": "stubborn", "behaviour": ["--stubborn", "--child"]}, {"name": "b"}]
    launcher = launch(services, stop_timeout_s=2)
    launcher.wait_for("Ready in")
    began = time.monotonic()
    launcher.process.terminate()
    assert launcher.wait() == 0
    assert 1.5 < time.monotonic() - began < 30, "nobody waits for its end, which takes minutes"
    assert launcher.left() == []


def test_a_second_signal_does_not_wait(launch):
    launcher = launch([{"name": "stubborn", "behaviour": ["--stubborn"]}], stop_timeout_s=100)
    launcher.wait_for("Ready in")
    launcher.process.send_signal(signal.SIGINT)
    launcher.wait_for("Stopping")
    began = time.monotonic()
    launcher.process.send_signal(signal.SIGINT)
    launcher.wait()
    assert time.monotonic() - began < 30


def test_kill_9_leaves_no_process(launch):
    launcher = launch([{"name": "stubborn", "behaviour": ["--stubborn"]}, {"name": "b", "behaviour": ["--child"]}])
    launcher.wait_for("Ready in")
    guardian = [
        child.pid for child in psutil.Process(launcher.process.pid).children() if child.pid not in launcher.pids()
    ]
    assert len(launcher.left()) == 3
    assert len(guardian) == 1
    launcher.process.kill()
    launcher.wait()
    launcher.wait_until_none_is_left()
    deadline = time.monotonic() + PATIENCE_S
    while psutil.pid_exists(guardian[0]) and psutil.Process(guardian[0]).status() != "zombie":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_kill_9_while_loading_leaves_no_process(launch):
    launcher = launch([{"name": "slow", "behaviour": ["--never"]}])
    while not launcher.pids():
        time.sleep(0.02)
    launcher.process.kill()
    launcher.wait()
    launcher.wait_until_none_is_left()


def test_the_previous_log_is_kept(launch):
    first = launch([{"name": "a"}])
    first.wait_for("Ready in")
    first.process.terminate()
    first.wait()
    second = launch([{"name": "a"}])
    second.wait_for("Ready in")
    logs = first.folder / "logs"
    assert {path.name for path in logs.iterdir()} == {"a.log", "a.log.1"}
    assert (logs / "a.log").read_text() == (logs / "a.log.1").read_text() == "loading a\n"
