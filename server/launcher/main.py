"""What `startup.py` does with its arguments."""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from configs.sections.services import CONTROL_TOKEN
from configs.settings import Settings, SettingsError, load_settings
from server.errors import MissingDependency, PublicWithoutKey, ZhiwenError
from server.launcher import folders, ports
from server.launcher.arguments import Options, parse, parser
from server.launcher.errors import NoOnlineModels
from server.launcher.labels import Labels, console_language
from server.launcher.plan import Plan, plan, with_options
from server.launcher.worker_plan import has_provider_models
from server.llm.catalog import Choice, choose_llm, next_llms, wanted_llm

if TYPE_CHECKING:
    from server.launcher.services import Service
    from server.launcher.supervisor import Supervisor

REFUSED = 1
WRONG_SETTINGS = 2


def run(arguments: Sequence[str]) -> int:
    """Do what the command line asks; returns the exit code. Errors become one message, never a traceback."""
    began = time.monotonic()
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")  # a console that cannot show Chinese must not end the services
    options = parse(arguments)
    labels = Labels(console_language())
    if options.host:
        for service in ("WEBUI", "API"):
            os.environ[f"ZHIWEN__SERVICES__{service}__HOST"] = options.host
    try:
        settings = with_options(load_settings(), options)
        return _act(settings, options, labels, began)
    except SettingsError as error:
        sys.stderr.write(f"{error.message(labels.language)}\n")
        return WRONG_SETTINGS
    except ZhiwenError as error:
        sys.stderr.write(f"{error.message(labels.language)}\n")
        return WRONG_SETTINGS if isinstance(error, PublicWithoutKey) else REFUSED


def _act(settings: Settings, options: Options, labels: Labels, began: float) -> int:
    if options.action == "start":
        return _start(settings, options, labels, began)
    for line in _text(settings, options, labels):
        sys.stdout.write(f"{line}\n")
    return 0


def _text(settings: Settings, options: Options, labels: Labels) -> Iterable[str]:
    if options.action == "show-config":
        from server.masking import as_toml

        return [as_toml(settings).rstrip()]
    if options.action == "download":
        from server.launcher.download import download

        return download(settings, options.download, labels)
    if options.action == "list-models":
        from server.launcher.model_table import model_table

        return model_table(settings, labels)
    if options.action == "keys":
        from server.launcher.keys import keys_text

        return keys_text(settings, options, labels)
    if options.action == "dry-run":
        return described(_planned(settings, options, labels)[0])
    from server.launcher.banner import summary

    return [*summary(settings, labels), labels("nothing_asked"), "", parser().format_help().rstrip()]


def described(planned: Plan) -> list[str]:
    """A plan as text: one service a line, with its address and command."""
    lines = [f"{service.name}\t{service.address}\t{' '.join(service.argv[1:])}" for service in planned.services]
    if planned.control:
        lines.append(f"control\t{planned.control.url}\t(inside the launcher)")
    return [line.expandtabs(28) for line in lines]


def _planned(settings: Settings, options: Options, labels: Labels) -> tuple[Plan, list[Choice]]:
    choices, instead = _chat_models(settings, options) if "workers" in options.parts else ([], [])
    if "online_workers" in options.parts and not has_provider_models(settings):
        if options.parts == {"online_workers"}:
            raise NoOnlineModels
        sys.stderr.write(f"{NoOnlineModels().message(labels.language)}\n")
    free = free_ports(settings)
    return plan(settings, options, choices, free, instead), choices


def _chat_models(settings: Settings, options: Options) -> tuple[list[Choice], list[Choice]]:
    """Those to start, and those to try when they fail. Who names models wants these and no others."""
    if options.model_names:
        return [choose_llm(settings, name) for name in options.model_names], []
    # Beside the knowledge API there is much to do without a chat model, and the page says what is wrong with it.
    first = wanted_llm(settings) if "api" in options.parts else choose_llm(settings)
    return [first], next_llms(settings, first.name) if first.usable else []


def free_ports(settings: Settings) -> Iterator[int]:
    """Ports for workers without one in the settings, looked up when asked for."""
    given: set[int] = set()
    while True:
        port = ports.free_port(settings.services.workers.host)
        if port not in given:
            given.add(port)
            yield port


def _start(settings: Settings, options: Options, labels: Labels, began: float) -> int:
    planned, choices = _planned(settings, options, labels)
    _check_packages(planned)
    _check_keys(settings, options)
    ports.check(planned.wanted_ports)
    folders.check(settings, options.parts)
    token = os.urandom(24).hex()
    services = [
        replace(service, env={**service.env, CONTROL_TOKEN: token}) if service.name == "api" else service
        for service in planned.services
    ]
    with _supervisor(settings, planned, services) as supervisor:
        supervisor.start()
        # From here on everything is imported while the services already load.
        from server.launcher.banner import banner
        from server.launcher.table import view_for

        view = view_for(labels, lambda runs: banner(settings, runs, choices, labels), began)
        if planned.control is None:
            return supervisor.run(view)
        from server.launcher.control import Control
        from server.launcher.models import Models

        with Control(planned.control, token, Models(settings, options, supervisor, free_ports(settings))):
            return supervisor.run(view)


def _supervisor(settings: Settings, planned: Plan, services: "Sequence[Service]") -> "Supervisor":
    from server.launcher.supervisor import Supervisor

    stand_ins, logs = planned.stand_ins, settings.paths.logs
    return Supervisor(services, logs, settings.launcher, stand_ins, needs_model=planned.needs_model)


def _check_keys(settings: Settings, options: Options) -> None:
    """Let other machines in only with a key. The database is looked at when there is a reason to."""
    public = any(getattr(settings.services, name).is_public for name in ("webui", "api") if name in options.parts)
    if not public or settings.security.api_key.get_secret_value():
        return
    from server.launcher.keys import require_key_for

    require_key_for(settings, options.parts)


def _check_packages(planned: Plan) -> None:
    for service in planned.services:
        missing = [package for package in service.packages if find_spec(package) is None]
        if missing:
            what = f"{service.name} ({', '.join(missing)})"
            raise MissingDependency(what=what, install="make run    (or: pip install -r requirements.txt)")
