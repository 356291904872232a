#!/usr/bin/env bash
# The browser test drives Debian's chromium. Install it where that is possible; elsewhere say what is missing.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "==> installing chromium and a Chinese font for the browser test"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
else
    echo "==> no chromium here: the browser test is skipped (on Debian: apt-get install chromium fonts-noto-cjk)"
fi
