"""Flags of the command lines of 0.2.10."""

import subprocess
import sys

import pytest
from contract_product import ROOT

FLAGS = {
    "startup.py": "-h --help -a --all-webui --all-api --llm-api -o --openai-api -m --model-worker -n --model-name "
    "-c --controller --api -p --api-worker -w --webui -q --quiet -i --lite",
    "init_database.py": "-h --help -r --recreate-vs --create-tables --clear-tables --import-db -u --update-in-db "
    "-i --increment --prune-db --prune-folder -n --kb-name -e --embed-model",
}


@pytest.mark.parametrize("script", FLAGS)
def test_no_flag_is_missing(script):
    command = [sys.executable, str(ROOT / script), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=True).stdout
    words = {word.strip("[],|") for word in shown.split()}
    assert [flag for flag in FLAGS[script].split() if flag not in words] == []
