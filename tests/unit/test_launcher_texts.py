"""What the launcher says: settings without secrets, reasons with advice, two languages."""

import sys
from types import SimpleNamespace

import pytest

from configs.settings import load_settings
from server.launcher.banner import banner, summary
from server.launcher.environment import for_service, for_services
from server.launcher.failures import Failure
from server.launcher.labels import _LABELS, Labels, console_language
from server.launcher.models import _described
from server.launcher.runs import State
from server.llm.catalog import choose_llm
from server.masking import MASK, as_toml, masked_url

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture
def settings(monkeypatch, tmp_path):
    monkeypatch.setenv("ZHIWEN_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("ZHIWEN__PATHS__MODELS", str(tmp_path))
    monkeypatch.setenv("ZHIWEN__SECURITY__API_KEY", "hunter2-key")
    monkeypatch.setenv("ZHIWEN__DATABASE__URL", "postgresql://zhiwen:hunter2@db:5432/kb?sslpassword=hunter2")
    return load_settings()


def test_the_settings_are_shown_as_toml_without_secrets(settings):
    text = as_toml(settings)
    assert "hunter2" not in text
    shown = tomllib.loads(text)
    assert shown["security"]["api_key"] == MASK
    assert shown["database"]["url"] == f"postgresql://zhiwen:{MASK}@db:5432/kb?sslpassword={MASK}"
    assert shown["services"]["api"]["port"] == 7861
    assert "BING_SUBSCRIPTION_KEY" in text  # the name of the variable that holds a key is none
    assert shown["models"]["llm"]["Qwen2.5-1.5B-Instruct"]["repo"] == "Qwen/Qwen2.5-1.5B-Instruct"
    assert (shown["web"]["language"], shown["web"]["password"]) == (settings.web.language, "")


def test_a_secret_that_is_not_set_shows_as_not_set(settings, monkeypatch):
    monkeypatch.setenv("ZHIWEN__SECURITY__API_KEY", "")
    assert tomllib.loads(as_toml(load_settings()))["security"]["api_key"] == ""


@pytest.mark.parametrize("url", ["", "sqlite:////data/info.db", "postgresql://db/kb", "mysql://user@db/kb"])
def test_a_url_without_a_password_stays(url):
    assert masked_url(url) == url


def test_banner_and_summary_name_versions_models_reasons_and_no_secret(settings):
    for language, reason in (("en", "no weights here"), ("zh", "本机没有权重")):
        labels = Labels(language)
        for lines in (banner(settings, [], [choose_llm(settings)], labels), summary(settings, labels)):
            text = "\n".join(lines)
            for part in ("Python", "zhiwen 0.", "langchain-core 1.", "fastchat 0.2.36", "builtin-ngram", reason):
                assert part in text
            assert "ChineseRecursiveTextSplitter" in text
            assert "hunter2" not in text


@pytest.mark.parametrize(
    ("failure", "said", "advice"),
    [
        (Failure("died", 1.2, "logs/a.log", 1, ("No module named 'fastapi'",)), "exit code 1", "package fastapi is"),
        (Failure("died", 1.2, "logs/a.log", -9), "ended by SIGKILL", "lack of memory"),
        (Failure("died", 1.2, "logs/a.log", 1, ("CUDA out of memory.",)), "exit code 1", "smaller model"),
        (Failure("died", 1.2, "logs/a.log", 1, ("[Errno 98] Address already in use",)), "exit code", "another port"),
        (
            Failure("died", 9, "logs/a.log", 1, ("ValueError: The model's max seq len (32768) is larger than the",)),
            "exit code 1",
            "smaller window",
        ),
        (
            Failure("died", 9, "logs/a.log", 1, ("ValueError: Free ... is less than desired GPU memory utilization",)),
            "exit code 1",
            "nvidia-smi",
        ),
        (
            Failure("died", 9, "logs/a.log", 1, ("heads (14) must be divisible by tensor parallel size (4).",)),
            "exit code 1",
            "num_gpus does not suit",
        ),
        (Failure("died", 1.2, "logs/a.log", 5, ("who knows",)), "after 1.2 s", "logs/a.log"),
        (Failure("timeout", 120, "logs/a.log"), "within 120 s", "launcher.start_timeout_s"),
        (Failure("timeout", 9, "logs/a.log", detail="http://127.0.0.1:1"), "within 9 s", "http://127.0.0.1:1 does not"),
        (Failure("not_started", 0, "logs/a.log", detail="Permission denied"), "Permission denied", "logs/a.log"),
    ],
)
def test_a_failure_says_what_happened_and_what_to_do(failure, said, advice):
    assert said in failure.summary("en")
    assert advice in failure.report("en")[-1]
    assert failure.summary("zh")
    assert failure.report("zh")[-1].startswith("→ ")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "zh_TW.UTF-8", "LANG": "C"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
    ],
)
def test_the_console_speaks_the_language_of_the_locale(environment, language):
    assert console_language(environment) == language


def test_every_label_has_two_languages_and_every_state_a_label():
    assert all(len(texts) == 2 and all(texts) for texts in _LABELS.values())
    assert {state.value for state in State} <= set(_LABELS)


def test_services_never_reach_each_other_through_a_proxy(monkeypatch):
    made = for_services({"HTTP_PROXY": "http://proxy", "NO_PROXY": "intranet"})
    assert made["NO_PROXY"] == "intranet,127.0.0.1,localhost,::1"
    assert made["no_proxy"] == "127.0.0.1,localhost,::1"
    assert made["ZHIWEN_CONFIG"].startswith("/") or ":" in made["ZHIWEN_CONFIG"], "services run in another folder"


def test_what_the_user_set_for_numeric_libraries_wins():
    shared = for_services({"OMP_NUM_THREADS": "8"})
    light = for_service(shared, light=True, extra={})
    assert (light["OMP_NUM_THREADS"], light["OPENBLAS_NUM_THREADS"]) == ("8", "1")
    assert "OPENBLAS_NUM_THREADS" not in for_service(shared, light=False, extra={})


def test_a_service_that_is_given_up_says_so():
    failure = Failure("died", 1.2, "logs/a.log", 7, given_up=5)
    assert failure.summary("en").endswith("; it was restarted 5 times and is not started again by itself")
    assert "已自动重启 5 次" in failure.summary("zh")


def test_people_elsewhere_are_told_the_name_of_a_log_and_not_its_place():
    service = SimpleNamespace(name="worker-M", model="M", log_name="worker-M.log", address="http://127.0.0.1:1")
    failure = Failure("died", 1.0, "/srv/zhiwen/logs/worker-M.log", 3)
    run = SimpleNamespace(service=service, state=State.FAILED, pid=None, seconds=1.0, restarts=0, failure=failure)
    told = _described(run)["failure"]
    assert "The reason is in the log: worker-M.log" in told["en"]
    assert "/srv" not in told["en"] + told["zh"]
