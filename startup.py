"""Start Zhiwen: `python startup.py -a`. Parses the arguments, plans the services and keeps them running."""

import sys

if not (3, 10) <= sys.version_info[:2] <= (3, 12):
    found = ".".join(map(str, sys.version_info[:3]))
    sys.exit(f"Zhiwen needs Python 3.10, 3.11 or 3.12; this is {found}. Run it with: make run")

if __name__ == "__main__":
    sys.dont_write_bytecode = False  # the next start needs the compiled modules, see server/launcher/environment.py
    from server.entry import enter

    sys.exit(enter("server.launcher.main"))
