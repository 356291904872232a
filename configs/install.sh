#!/usr/bin/env bash
# Create .venv when there is none and install the given requirement files into it: torch by pip (its wheel depends on
# the machine), everything else by uv. Called by the Makefile.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
    echo "Zhiwen needs Python 3.10, 3.11 or 3.12; '$python' is $("$python" --version 2>&1 || echo 'not installed')." >&2
    echo "Install one of them, then say which: make run PYTHON=/path/to/python3.11" >&2
    exit 1
fi
if [ ! -x .venv/bin/python ]; then
    echo "==> creating .venv with $("$python" --version)"
    "$python" -m venv .venv || { echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
fi
pip=(.venv/bin/python -m pip --disable-pip-version-check)
.venv/bin/python -c 'import uv' 2>/dev/null || { echo "==> installing uv"; "${pip[@]}" install --quiet uv==0.13.8; }
if [[ " $* " == *" requirements.txt "* ]]; then
    echo "==> installing torch (the largest piece; nothing to do when it is here)"
    "${pip[@]}" install "$(grep -E '^torch==' requirements.txt)" -c constraints.txt | grep -vE '^Requirement already' || true
    .venv/bin/python -c 'from importlib.metadata import version; version("torch")'
fi
echo "==> installing $*"
args=()
for file in "$@"; do args+=(-r "$file"); done
.venv/bin/python -m uv pip install --python .venv/bin/python "${args[@]}"
