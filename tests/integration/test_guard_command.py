"""Keys on the command line, and starting where other machines can reach the service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(data_paths):
    def command(*arguments, **variables):
        env = {**os.environ, "PYTHONIOENCODING": "utf-8", "LANG": "en_US.UTF-8", "LC_ALL": "", **variables}
        return subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    return command


def test_keys_are_made_listed_and_revoked(run):
    made = run("startup.py", "--create-key", "ci", "--scope", "read", "--key-for", "samples", "合同")
    assert made.returncode == 0, made.stderr
    key = next(word for word in made.stdout.split() if word.startswith("zw-"))
    assert "合同" in made.stdout
    listed = run("startup.py", "--list-keys").stdout
    assert "ci" in listed
    assert key not in listed
    assert run("startup.py", "--create-key", "ci").returncode == 1
    assert run("startup.py", "--revoke-key", "ci").returncode == 0
    assert run("startup.py", "--revoke-key", "ci").returncode == 1


def test_the_api_alone_is_not_public_without_a_key(run):
    refused = run("-m", "server.api", "--host", "0.0.0.0", "--port", "1")
    assert refused.returncode == 2
    assert "--create-key" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_launcher_is_not_public_without_a_key(run):
    refused = run("startup.py", "--api", "--host", "0.0.0.0")
    assert refused.returncode == 2
    assert "--create-key" in refused.stderr


def test_a_key_of_the_database_is_enough_for_the_api_but_not_for_fastchat(run):
    from configs import load_settings
    from server.launcher.keys import require_key_for

    run("startup.py", "--create-key", "first")
    os.environ["ZHIWEN__SERVICES__API__HOST"] = "0.0.0.0"
    try:
        require_key_for(load_settings(), {"api", "webui"})
    finally:
        del os.environ["ZHIWEN__SERVICES__API__HOST"]
    refused = run("startup.py", "-o", ZHIWEN__SERVICES__OPENAI_API__HOST="0.0.0.0")
    assert refused.returncode == 2
    assert "security.api_key" in refused.stderr
