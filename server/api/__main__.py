"""`python -m server.api`: serve the knowledge API."""

import argparse
import gc
import logging
import os
import signal
import sys

import uvicorn

from configs.settings import PREFIX, SettingsError, load_settings
from server.api.app import create_app
from server.api.logs import set_up_logging
from server.container import build_container
from server.errors import PublicWithoutKey, ZhiwenError
from server.keys import public_services, require_key

GRACE_S = 1
"""Longest wait for open requests after a stop signal; streams are ended at once."""


def main() -> int:
    """Serve until a signal. The exit code is 2 when the settings are not usable, 1 when a part cannot start."""
    _read_arguments()
    set_up_logging()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    try:
        settings = load_settings()
        set_up_logging(settings)
        container = build_container(settings)
        require_key(settings, container.database, public_services(settings, ("api",)))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ZhiwenError as error:
        # The two lines that the launcher shows in the language of its console.
        sys.stderr.write(f"error: {error.message('en')}\n错误：{error.message('zh')}\n")
        return 2 if isinstance(error, PublicWithoutKey) else 1
    app = create_app(settings, container=container)
    # What was made so far stays. A full collection that walks through it stops the event loop for 0.1 s each time.
    gc.freeze()
    api = settings.services.api
    uvicorn.run(
        app,
        host=api.host,
        port=api.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    return 0


def _leave(*_: object) -> None:
    """End now. uvicorn shuts down on a signal, then raises it again, and we get here.

    A thread in the middle of a file cannot be stopped and must not hold up the end; publishing survives a crash.
    """
    logging.shutdown()
    os._exit(0)


def _read_arguments() -> None:
    """Put the address of the command line over the settings, so that it is checked like any other."""
    parser = argparse.ArgumentParser(prog="python -m server.api", description=__doc__)
    parser.add_argument("--host", help="address to listen on (default: services.api.host of the settings)")
    parser.add_argument("--port", help="port to listen on (default: services.api.port of the settings)")
    for name, value in vars(parser.parse_args()).items():
        if value:
            os.environ[f"{PREFIX}SERVICES__API__{name.upper()}"] = value


if __name__ == "__main__":
    sys.exit(main())
