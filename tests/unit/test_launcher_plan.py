"""From settings and a command line to services."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from configs.settings import load_settings
from server.errors import ModelNotFound
from server.launcher.arguments import Options, parse
from server.launcher.errors import KeyNeeded, NeedsWeights, WorkerUnreachable
from server.launcher.plan import plan, with_options
from server.llm.catalog import Choice, choose_llm, next_llms, wanted_llm

LLM = ["controller", "openai_api"]
WORKER = ["worker-builtin-extractive"]


@pytest.fixture
def settings(monkeypatch, tmp_path):
    monkeypatch.setenv("ZHIWEN_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("ZHIWEN__PATHS__MODELS", str(tmp_path))
    return load_settings()


def planned(settings, *arguments):
    options = parse(arguments)
    settings = with_options(settings, options)
    choices = [choose_llm(settings, name) for name in options.model_names or ("",)]
    instead = [] if options.model_names else next_llms(settings, choices[0].name)
    return plan(settings, options, choices, count(40001), instead)


def service(made, name):
    return next(one for one in made.services if one.name == name)


def flag(one, name):
    return one.argv[one.argv.index(name) + 1]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["-a"], ["api", *LLM, "webui", *WORKER]),
        (["--all-webui"], ["api", *LLM, "webui", *WORKER]),
        (["--all-api"], ["api", *LLM, *WORKER]),
        (["--llm-api"], [*LLM, *WORKER]),
        (["-a", "--all-api", "--llm-api"], ["api", *LLM, "webui", *WORKER]),
        (["--all-api", "--llm-api"], ["api", *LLM, *WORKER]),
        (["-o"], LLM),
        (["-m"], WORKER),
        (["-o", "-m"], [*LLM, *WORKER]),
        (["--api"], ["api"]),
        (["-w"], ["webui"]),
        (["--api", "-w"], ["api", "webui"]),
        (["--llm-api", "--api"], ["api", *LLM, *WORKER]),
        (["-a", "--lite"], ["api", *LLM, "webui", *WORKER]),
        ([], []),
    ],
)
def test_each_flag_starts_its_services(settings, arguments, names):
    assert [one.name for one in planned(settings, *arguments).services] == names


def test_commands_carry_the_addresses_of_the_settings(settings):
    made = planned(settings, "-a")
    assert service(made, "controller").argv[1:] == (
        *("-m", "server.llm.fastchat.controller", "--host", "127.0.0.1", "--port", "20001"),
        *("--dispatch-method", "shortest_queue", "--log-level", "info"),
    )
    assert flag(service(made, "openai_api"), "--controller-address") == "http://127.0.0.1:20001"
    assert service(made, "api").argv[1:] == ("-m", "server.api", "--host", "127.0.0.1", "--port", "7861")
    assert service(made, "webui").argv[1:5] == ("-m", "streamlit", "run", "webui_pages/serve.py")
    assert flag(service(made, "webui"), "--server.port") == "8501"


def test_a_worker_takes_a_free_port_and_is_ready_when_the_controller_knows_it(settings):
    worker = service(planned(settings, "-m"), "worker-builtin-extractive")
    assert worker.argv[2] == "server.llm.workers.extractive"
    assert flag(worker, "--worker-address") == "http://127.0.0.1:40001"
    assert flag(worker, "--port") == "40001"
    assert flag(worker, "--device") == "cpu"
    assert worker.ready.controller == "http://127.0.0.1:20001"
    assert worker.ready.model == "builtin-extractive"


def test_a_configured_port_is_used_and_named_as_the_setting(settings, monkeypatch):
    monkeypatch.setenv("ZHIWEN__MODELS__LLM", json.dumps({"builtin-extractive": {"engine": "builtin", "port": 20002}}))
    worker = service(planned(load_settings(), "-m"), "worker-builtin-extractive")
    assert worker.port == 20002
    assert worker.setting == 'models.llm."builtin-extractive"'


def test_several_models_each_get_a_worker(settings, monkeypatch):
    monkeypatch.setenv("ZHIWEN__MODELS__LLM", json.dumps({"script": {"engine": "fake"}}))
    made = planned(load_settings(), "-m", "-n", "script", "builtin-extractive", "script")
    assert [(one.name, one.port) for one in made.services] == [
        ("worker-script", 40001),
        ("worker-builtin-extractive", 40002),
    ]
    assert service(made, "worker-script").argv[2] == "server.llm.workers.scripted"


def test_no_model_is_critical_but_without_the_api_nothing_is_of_use_without_one(settings):
    made = planned(settings, "-a")
    assert not service(made, "worker-builtin-extractive").critical
    assert service(made, "api").critical
    assert not made.needs_model
    assert planned(settings, "--llm-api").needs_model
    assert planned(settings, "-m", "-n", "builtin-extractive").needs_model


def test_the_next_preferences_stand_in_up_to_the_first_that_needs_no_process(settings, monkeypatch):
    models = {"first": {"engine": "fake"}, "second": {"engine": "fake"}, "third": {"engine": "fake"}}
    cloud = {"cloud": {"base_url": "http://127.0.0.1:1/v1", "models": ["m"]}}
    monkeypatch.setenv("ZHIWEN__MODELS__LLM", json.dumps(models))
    monkeypatch.setenv("ZHIWEN__PROVIDERS", json.dumps(cloud))
    preference = ["first", "second", "Qwen2.5-1.5B-Instruct", "cloud/m", "third"]
    monkeypatch.setenv("ZHIWEN__MODELS__LLM_PREFERENCE", json.dumps(preference))
    made = planned(load_settings(), "-a")
    assert [[one.name for one in group] for group in made.stand_ins] == [["worker-second"]]
    assert planned(load_settings(), "-a", "-n", "first").stand_ins == (), "who names models wants no others"


def test_a_preference_that_cannot_run_here_is_planned_around(settings, monkeypatch):
    monkeypatch.setenv("ZHIWEN__MODELS__LLM_PREFERENCE", json.dumps(["Qwen2.5-1.5B-Instruct"]))
    wanted = wanted_llm(load_settings())
    assert (wanted.name, wanted.usable) == ("Qwen2.5-1.5B-Instruct", False)
    assert "--download" in wanted.reason_en
    made = plan(load_settings(), parse(["-a"]), [wanted], count(40001))
    assert [one.name for one in made.services if one.model] == []


@pytest.mark.parametrize(("engine", "module"), [("transformers", "transformers_worker"), ("fastchat", "stock")])
def test_a_model_with_weights_gets_a_worker_that_loads_them(settings, engine, module):
    model = settings.models.llm["Qwen2.5-1.5B-Instruct"].model_copy(update={"engine": engine})
    choice = Choice("Qwen2.5-1.5B-Instruct", model, Path("/w"), "", "")
    worker = plan(settings, parse(["-m"]), [choice], count(40001)).services[0]
    assert worker.argv[2] == f"server.llm.workers.{module}"
    assert flag(worker, "--model-path") == "/w"
    assert flag(worker, "--device") == "auto"
    assert not worker.light


def test_an_unknown_model_is_named_with_the_known_ones(settings):
    with pytest.raises(ModelNotFound, match=r'"nope" is not configured.*builtin-extractive'):
        planned(settings, "-m", "-n", "nope")


def test_the_api_prefers_the_models_that_were_asked_for(settings):
    env = service(planned(settings, "-a", "-n", "builtin-extractive"), "api").env
    assert json.loads(env["ZHIWEN__MODELS__LLM_PREFERENCE"])[0] == "builtin-extractive"
    assert service(planned(settings, "-a"), "api").env == {}


def test_lite_leaves_models_with_weights_out(settings):
    env = service(planned(settings, "-a", "--lite"), "api").env
    assert json.loads(env["ZHIWEN__MODELS__LLM_PREFERENCE"]) == ["builtin-extractive"]
    assert json.loads(env["ZHIWEN__MODELS__EMBED_PREFERENCE"]) == ["builtin-ngram"]
    with pytest.raises(NeedsWeights, match="builtin-extractive"):
        planned(settings, "-a", "--lite", "-n", "Qwen2.5-1.5B-Instruct")


def test_quiet_asks_fastchat_for_errors_only(settings):
    made = planned(settings, "--llm-api", "-q")
    assert {flag(one, "--log-level") for one in made.services} == {"error"}


def test_a_controller_elsewhere_is_used_by_workers_that_it_can_reach(settings, monkeypatch):
    local = planned(settings, "-m", "-c", "127.0.0.1:21001").services[0]
    assert flag(local, "--controller-address") == "http://127.0.0.1:21001"
    with pytest.raises(WorkerUnreachable, match=r"services\.workers\.host"):
        planned(settings, "-m", "-c", "http://10.0.0.5:20001")
    monkeypatch.setenv("ZHIWEN__SERVICES__WORKERS__HOST", "10.0.0.7")
    with pytest.raises(KeyNeeded, match=r"security\.api_key"):
        planned(load_settings(), "-m", "-c", "http://10.0.0.5:20001")
    monkeypatch.setenv("ZHIWEN__SECURITY__API_KEY", "a-long-random-key")
    worker = planned(load_settings(), "-m", "-c", "http://10.0.0.5:20001/").services[0]
    assert flag(worker, "--controller-address") == "http://10.0.0.5:20001"
    assert flag(worker, "--worker-address") == "http://10.0.0.7:40001"


def test_control_belongs_to_who_owns_the_workers(settings):
    assert planned(settings, "-a").control == settings.services.control
    assert planned(settings, "-m").control == settings.services.control
    assert planned(settings, "--api", "-w").control is None


def test_every_port_is_checked_with_its_setting(settings):
    wanted = {(one.service, one.port, one.setting) for one in planned(settings, "-a").wanted_ports}
    assert wanted == {
        ("api", 7861, "services.api"),
        ("webui", 8501, "services.webui"),
        ("openai_api", 20000, "services.openai_api"),
        ("controller", 20001, "services.controller"),
        ("worker-builtin-extractive", 40001, "services.workers"),
        ("control", 20003, "services.control"),
    }


def test_log_names_are_file_names(settings):
    worker = planned(settings, "-m").services[0]
    assert worker.log_name == "worker-builtin-extractive.log"
    assert replace(worker, name="worker-a/b:c").log_name == "worker-a_b_c.log"


def test_looking_comes_before_starting():
    assert parse([]).action == "summary"
    assert parse(["-a"]).action == "start"
    assert parse(["-a", "--dry-run"]).action == "dry-run"
    assert parse(["-a", "--show-config"]).action == "show-config"
    assert parse(["--download", "m3e-base"]) == Options(action="download", download=("m3e-base",))


def test_the_key_reaches_fastchats_api_by_its_environment_only(settings, monkeypatch):
    assert service(planned(settings, "-o"), "openai_api").env == {}
    monkeypatch.setenv("ZHIWEN__SECURITY__API_KEY", "a secret")
    made = service(planned(load_settings(), "-o"), "openai_api")
    assert made.env == {"ZHIWEN_OPENAI_API_KEY": "a secret"}
    assert "a secret" not in " ".join(made.argv)
