"""Start Zhiwen: `python startup.py -a`. Parses the arguments, plans the services and keeps them running."""

import sys

if not (3, 10) <= sys.version_info[:2] <= (3, 12):
    found = ".".join(map(str, sys.version_info[:3]))
    sys.exit(f"Zhiwen needs Python 3.10, 3.11 or 3.12; this is {found}. Run it with: make run")


def main() -> int:
    """Run the launcher and return its exit code."""
    sys.dont_write_bytecode = False  # the next start needs the compiled modules, see server/launcher/environment.py
    try:
        from server.launcher.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in ("server", "configs"):
            raise
        sys.stderr.write(f"The package {error.name} is not installed for {sys.executable}.\n")
        sys.stderr.write("Run: make run    (or: pip install -r requirements.txt)\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
