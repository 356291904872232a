"""How both command lines go on once the Python is known to be right: a missing package is named, not traced back."""

import importlib
import sys


def enter(module: str) -> int:
    """Run `run(arguments)` of the module and return its exit code; 1 when a package is missing, 130 on Ctrl-C."""
    try:
        return importlib.import_module(module).run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in ("server", "configs"):
            raise
        sys.stderr.write(f"The package {error.name} is not installed for {sys.executable}.\n")
        sys.stderr.write("Run: make run    (or: pip install -r requirements.txt)\n")
        return 1
