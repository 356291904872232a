"""The command line of `startup.py`. Imports nothing but the standard library: `--help` must answer at once."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

KeyScope = Literal["read", "write", "admin"]
Part = Literal["controller", "openai_api", "workers", "online_workers", "api", "webui"]
Action = Literal["start", "dry-run", "summary", "show-config", "download", "list-models", "keys"]

_EXAMPLES = """\
examples:
  python startup.py -a                          everything, then open the printed address
  python startup.py -a --lite                   the same with built-in models only
  python startup.py -a -n builtin-extractive    the same with this chat model
  python startup.py --all-api --dry-run         show what would be started
  python startup.py -m -n NAME -c http://10.0.0.5:20001
                                                one model on this machine for a controller on another
  python startup.py --list-models               which models there are, which are here, what they need
  python startup.py --download m3e-base         fetch the weights of a configured model

settings: configs/default.toml lists them all; put your own into configs/local.toml, or set variables such as
  ZHIWEN__SERVICES__API__PORT=7862. Ctrl-C stops everything.
"""


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    action: Action = "summary"
    parts: frozenset[Part] = frozenset()
    model_names: tuple[str, ...] = ()
    controller: str = ""
    host: str = ""
    download: tuple[str, ...] = ()
    create_key: str = ""
    revoke_key: str = ""
    scope: KeyScope = "write"
    key_for: tuple[str, ...] = ()
    quiet: bool = False
    lite: bool = False


def parser() -> argparse.ArgumentParser:
    """The parser, also used to print the help."""
    made = argparse.ArgumentParser(
        prog="python startup.py",
        description="Start Zhiwen, or parts of it, and keep it running.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_parts(made)
    _add_models(made)
    _add_running(made)
    _add_keys(made)
    _add_looking(made)
    return made


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; a wrong one prints the usage and raises `SystemExit`."""
    given = parser().parse_args(arguments)
    parts = _parts(given)
    return Options(
        action=_action(given, parts),
        parts=parts,
        model_names=tuple(dict.fromkeys(given.model_name or ())),
        controller=given.controller.rstrip("/"),
        host=given.host,
        download=tuple(dict.fromkeys(given.download or ())),
        create_key=given.create_key,
        revoke_key=given.revoke_key,
        scope=given.scope,
        key_for=tuple(given.key_for or ()),
        quiet=given.quiet,
        lite=given.lite,
    )


def _add_parts(made: argparse.ArgumentParser) -> None:
    group = made.add_argument_group("what to start (the first three exclude each other, the first one wins)")
    flags = [
        ("-a", "--all-webui", "controller, OpenAI API, model workers, knowledge API and web page"),
        ("--all-api", "the same without the web page"),
        ("--llm-api", "controller, OpenAI API and model workers"),
        ("-o", "--openai-api", "controller and OpenAI API"),
        ("-m", "--model-worker", "model workers (see -n)"),
        ("-p", "--api-worker", "workers for online models"),
        ("--api", "the knowledge API"),
        ("-w", "--webui", "the web page"),
    ]
    for *names, text in flags:
        group.add_argument(*names, action="store_true", help=text)


def _add_models(made: argparse.ArgumentParser) -> None:
    group = made.add_argument_group("models")
    group.add_argument(
        "-n", "--model-name", nargs="+", metavar="NAME", help="chat models to start (default: first available one)"
    )
    group.add_argument("-c", "--controller", default="", metavar="ADDRESS", help="controller the workers register with")
    group.add_argument("-i", "--lite", action="store_true", help="only models that need no weights")
    group.add_argument(
        "--download", nargs="+", metavar="NAME", help="fetch the weights of configured models, or of ORGANISATION/NAME"
    )


def _add_running(made: argparse.ArgumentParser) -> None:
    group = made.add_argument_group("how")
    group.add_argument("--host", default="", metavar="HOST", help="address the web page and the knowledge API bind to")
    group.add_argument("-q", "--quiet", action="store_true", help="only errors in the logs of the FastChat services")


def _add_keys(made: argparse.ArgumentParser) -> None:
    group = made.add_argument_group("API keys (a running service knows of a change within seconds)")
    group.add_argument("--create-key", default="", metavar="NAME", help="make a key and print it, this once")
    group.add_argument(
        "--scope", choices=("read", "write", "admin"), default="write", help="what the new key may do (default: write)"
    )
    group.add_argument("--key-for", nargs="+", metavar="KB", help="limit the new key to these knowledge bases")
    group.add_argument("--list-keys", action="store_true", help="print names and uses of all keys")
    group.add_argument("--revoke-key", default="", metavar="NAME", help="end a key")


def _add_looking(made: argparse.ArgumentParser) -> None:
    group = made.add_argument_group("look, start nothing")
    group.add_argument("--list-models", action="store_true", help="print the models of the settings and their state")
    group.add_argument("--show-config", action="store_true", help="print the merged settings, secrets masked")
    group.add_argument("--dry-run", action="store_true", help="print what would be started")


def _parts(given: argparse.Namespace) -> frozenset[Part]:
    llm: set[Part] = {"controller", "openai_api", "workers"}
    if given.all_webui:
        return frozenset({*llm, "api", "webui"})
    if given.all_api:
        return frozenset({*llm, "api"})
    parts: set[Part] = set(llm) if given.llm_api else set()
    if given.openai_api:
        parts |= {"controller", "openai_api"}
    chosen: list[tuple[bool, Part]] = [
        (given.model_worker, "workers"),
        (given.api_worker, "online_workers"),
        (given.api, "api"),
        (given.webui, "webui"),
    ]
    parts.update(part for wanted, part in chosen if wanted)
    return frozenset(parts)


def _action(given: argparse.Namespace, parts: frozenset[Part]) -> Action:
    if given.show_config:
        return "show-config"
    if given.download:
        return "download"
    if given.list_models:
        return "list-models"
    if given.create_key or given.revoke_key or given.list_keys:
        return "keys"
    if not parts:
        return "summary"
    return "dry-run" if given.dry_run else "start"
