#!/usr/bin/env bash
# Create .venv-vllm and install vLLM into it: vLLM pins torch, fastapi and transformers to other versions than Zhiwen
# does, so both cannot live in one environment. Called by `make vllm`.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.33.0
python=${PYTHON:-python3}
if [ "$(uname -s)" != Linux ]; then
    echo "vLLM runs on Linux only; use engine = \"transformers\" here, or a provider such as Ollama." >&2
    exit 1
fi
if [ ! -x .venv-vllm/bin/python ]; then
    echo "==> creating .venv-vllm with $("$python" --version)"
    "$python" -m venv .venv-vllm || { echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
fi
echo "==> installing vLLM $version (several gigabytes)"
.venv-vllm/bin/python -m pip --disable-pip-version-check install "vllm==$version"
echo "==> ready: set engine = \"vllm\" in a table [models.llm.NAME] of configs/local.toml"
