"""One process of the launcher: how to start it, and when it is ready."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from configs.sections.services import Service as Address
from server.launcher.ports import Wanted
from server.launcher.probes import Probe


@dataclass(frozen=True)
class Service:
    """One process: how to start it, how to see that it is ready, and what depends on it.

    `env` is added to the environment all services share. `after` names services that must be ready first. A `critical`
    service that fails while everything starts ends the launcher. `setting` is the table that holds its port. `packages`
    must be installed. `model` is set for model workers. A `light` service does no heavy arithmetic.
    """

    name: str
    argv: tuple[str, ...]
    host: str
    port: int
    ready: Probe
    setting: str
    start_timeout_s: float
    env: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    critical: bool = True
    packages: tuple[str, ...] = ()
    model: str = ""
    light: bool = True

    @property
    def address(self) -> str:
        """Where a client on this machine finds it."""
        return Address(host=self.host, port=self.port).url

    @property
    def log_name(self) -> str:
        """Its log file inside `paths.logs`; model names may hold characters that file names may not."""
        return re.sub(r"[^\w.-]", "_", self.name) + ".log"

    @property
    def wanted_port(self) -> Wanted:
        """The port it will listen on."""
        return Wanted(self.name, self.host, self.port, self.setting)


def module_argv(name: str, flags: Mapping[str, Any]) -> tuple[str, ...]:
    """The command that runs a module of ours."""
    return (sys.executable, "-m", name, *(str(word) for pair in flags.items() for word in pair))
