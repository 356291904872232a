"""The command line of startup.py where nothing is started: looking, refusing, downloading."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from free_ports import free_port

ROOT = Path(__file__).resolve().parents[2]
STARTUP = ROOT / "startup.py"


def startup(*arguments, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ZHIWEN", "HF_", "LC_"))}
    environment |= {"LANG": "C.UTF-8", "ZHIWEN_CONFIG": os.devnull, **variables}
    return subprocess.run(
        [sys.executable, STARTUP, *arguments], capture_output=True, text=True, env=environment, timeout=200
    )


def services_on_free_ports():
    """Variables that put every service on a port nobody uses."""
    names = ("WEBUI", "API", "OPENAI_API", "CONTROLLER", "CONTROL")
    return {f"ZHIWEN__SERVICES__{name}__PORT": str(free_port()) for name in names}


def test_without_a_flag_it_shows_the_configuration_and_the_help():
    shown = startup()
    assert shown.returncode == 0
    for text in ("chat model", "builtin-ngram", "http://127.0.0.1:8501", "python startup.py -a", "--all-webui"):
        assert text in shown.stdout


def test_chinese_consoles_are_spoken_to_in_chinese():
    assert "对话模型" in startup(LANG="zh_CN.UTF-8").stdout


def test_help_groups_the_flags_and_gives_examples():
    text = startup("--help").stdout
    flags = "-a -o -m -n -c -p -w -q -i --all-webui --all-api --llm-api --openai-api --model-worker --model-name"
    flags += " --list-models"
    flags += " --controller --api --api-worker --webui --quiet --lite --show-config --dry-run --host --download"
    assert set(flags.split()) <= set(re.findall(r"--?[a-z-]+", text))
    assert "examples:" in text


def test_dry_run_prints_commands_and_starts_nothing(tmp_path):
    shown = startup("-a", "--dry-run", ZHIWEN__PATHS__LOGS=str(tmp_path / "logs"))
    assert shown.returncode == 0
    names = [line.split()[0] for line in shown.stdout.splitlines()]
    assert names == ["api", "controller", "openai_api", "webui", "worker-builtin-extractive", "control"]
    assert not (tmp_path / "logs").exists()


def test_show_config_masks_secrets():
    shown = startup("--show-config", ZHIWEN__SECURITY__API_KEY="hunter2")
    assert shown.returncode == 0
    assert 'api_key = "********"' in shown.stdout
    assert "hunter2" not in shown.stdout


def test_a_wrong_key_in_the_settings_is_named(tmp_path):
    file = tmp_path / "local.toml"
    file.write_text("[services.api]\nprot = 7862\n")
    refused = startup("-a", ZHIWEN_CONFIG=str(file))
    assert refused.returncode == 2
    assert "services.api.prot: there is no such setting" in refused.stderr
    assert str(file) in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_public_address_without_a_key_is_refused():
    refused = startup("-a", "--host", "0.0.0.0")
    assert refused.returncode == 2
    assert "security.api_key" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_host_binds_page_and_api():
    shown = startup("-a", "--dry-run", "--host", "0.0.0.0", ZHIWEN__SECURITY__API_KEY="a-long-random-key").stdout
    bound = {line.split()[0] for line in shown.splitlines() if "0.0.0.0" in line}
    assert bound == {"api", "webui"}


def test_online_workers_without_online_models_are_refused_plainly():
    refused = startup("-p")
    assert refused.returncode == 1
    assert "no online model is configured" in refused.stderr
    noted = startup("-p", "-m", "--dry-run")
    assert noted.returncode == 0
    assert "no online model is configured" in noted.stderr
    assert noted.stdout.startswith("worker-builtin-extractive")


def test_a_busy_port_names_holder_setting_and_variable(tmp_path):
    variables = services_on_free_ports()
    with socket.create_server(("127.0.0.1", int(variables["ZHIWEN__SERVICES__OPENAI_API__PORT"]))) as server:
        refused = startup("-a", **variables, ZHIWEN__PATHS__LOGS=str(tmp_path / "logs"))
        port = server.getsockname()[1]
    assert refused.returncode == 1
    assert f"openai_api cannot start: port {port} is in use by " in refused.stderr
    assert f"(process {os.getpid()})" in refused.stderr
    assert "services.openai_api.port" in refused.stderr
    assert "ZHIWEN__SERVICES__OPENAI_API__PORT=" in refused.stderr
    assert not (tmp_path / "logs").exists(), "nothing was started"


def test_two_services_on_one_port_are_refused():
    variables = services_on_free_ports()
    variables["ZHIWEN__SERVICES__API__PORT"] = variables["ZHIWEN__SERVICES__WEBUI__PORT"]
    refused = startup("-a", **variables)
    assert refused.returncode == 1
    assert "services.webui.port" in refused.stderr
    assert "services.api.port" in refused.stderr


def test_a_foreign_address_is_refused_with_its_setting():
    variables = services_on_free_ports()
    variables |= {"ZHIWEN__SERVICES__API__HOST": "192.0.2.1", "ZHIWEN__SECURITY__API_KEY": "a-long-random-key"}
    refused = startup("--api", **variables)
    assert refused.returncode == 1
    assert "cannot listen on 192.0.2.1" in refused.stderr
    assert "services.api" in refused.stderr


def test_downloading_a_built_in_model_needs_nothing():
    assert startup("--download", "builtin-ngram").returncode == 0


def test_downloading_an_unknown_model_lists_the_known_ones():
    refused = startup("--download", "m3e")
    assert refused.returncode == 1
    assert "m3e-base" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_downloading_without_a_network_says_what_to_do(tmp_path):
    closed = f"http://127.0.0.1:{free_port()}"
    began = time.monotonic()
    variables = {"HF_ENDPOINT": closed, "HF_HOME": str(tmp_path), "ZHIWEN__PATHS__MODELS": str(tmp_path / "models")}
    variables["MODELSCOPE_ENDPOINT"] = closed
    refused = startup("--download", "m3e-base", **variables)
    assert refused.returncode == 1
    assert time.monotonic() - began < 100, "the libraries by themselves try for minutes"
    assert f"did not arrive from {closed}, {closed}: there is no connection" in refused.stderr
    assert "HF_ENDPOINT=" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "models").exists()


def test_downloading_a_model_without_repository_says_so():
    variables = {"ZHIWEN__MODELS__EMBED": '{"mine": {"engine": "sentence-transformers"}}'}
    refused = startup("--download", "mine", **variables)
    assert refused.returncode == 1
    assert 'no "repo"' in refused.stderr


@pytest.mark.parametrize("version", [(3, 9, 18), (3, 13, 0)])
def test_other_pythons_are_refused_before_anything_is_imported(version):
    code = f"import sys, runpy; sys.version_info = {version}; runpy.run_path({str(STARTUP)!r}, run_name='__main__')"
    refused = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert refused.returncode == 1
    assert "Zhiwen needs Python 3.10, 3.11 or 3.12; this is " + ".".join(map(str, version)) in refused.stderr


def test_outside_the_virtual_environment_it_says_what_to_run():
    code = (
        f"import sys, runpy; sys.path.insert(0, {str(ROOT)!r}); runpy.run_path({str(STARTUP)!r}, run_name='__main__')"
    )
    refused = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert refused.returncode == 1
    assert "is not installed" in refused.stderr
    assert "make run" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_launcher_imports_nothing_heavy():
    code = "import sys, server.launcher.main, server.launcher.supervisor; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout.split())
    heavy = {"torch", "transformers", "faiss", "sqlalchemy", "langchain_core", "fastapi", "streamlit", "numpy", "rich"}
    assert loaded
    assert not loaded & heavy
