#!/usr/bin/env bash
# Renew constraints.txt: the versions of everything that the pinned requirements pull in, for Python 3.10 to 3.12.
# torch and what only torch pulls in stay out: its wheel, and so its needs, depend on the machine.
set -euo pipefail
cd "$(dirname "$0")/.."
input=$(mktemp) output=$(mktemp)
trap 'rm -f "$input" "$output"' EXIT
grep -hvE '^-[cr] ' requirements-lite.txt requirements.txt requirements-dev.txt >"$input"
.venv/bin/python -m uv pip compile --quiet --universal --python-version 3.10 --no-header --no-annotate \
    --no-emit-package torch "$input" -o "$output"
{
    echo '# What the pinned requirements pull in, for Python 3.10 to 3.12. Made by `make lock`; do not edit by hand.'
    grep -vE '^(nvidia|cuda|triton|torch==|pyright\[)' "$output"
} >constraints.txt
echo "constraints.txt: $(grep -c == constraints.txt) versions"
