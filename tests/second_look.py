"""Run the test files that failed once more, with nothing beside them: `make test` does it when a few of them failed.

A browser test on a busy machine can run out of time without a fault of the product. What fails here as well is a
failure; what passes is named, because a test that passes only alone is a defect of the test.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAST_FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
MOST_FILES = 3
"""More that fail together have a common reason, and it is not the machine."""


def main() -> int:
    """The exit code for make."""
    tests = sorted(json.loads(LAST_FAILED.read_text("utf-8"))) if LAST_FAILED.exists() else []
    files = sorted({test.split("::")[0] for test in tests})
    if not 0 < len(files) <= MOST_FILES:
        return 1
    print(f"==> {len(tests)} tests failed; running their files once more, alone: {' '.join(files)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:xdist", *files], cwd=ROOT, check=False).returncode
    if code == 0:
        print("==> passed alone. These tests are not sure enough of themselves:", *tests, sep="\n    ")
    return code


if __name__ == "__main__":
    sys.exit(main())
