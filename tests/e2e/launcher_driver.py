"""Runs the real supervisor over stand-in services: `python launcher_driver.py <specification as JSON>`."""

import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from configs.sections.services import Launcher  # noqa: E402
from server.launcher.labels import Labels  # noqa: E402
from server.launcher.probes import Answers  # noqa: E402
from server.launcher.services import Service  # noqa: E402
from server.launcher.supervisor import Supervisor  # noqa: E402
from server.launcher.table import PlainLines  # noqa: E402


def service(spec, folder):
    name, port = spec["name"], spec["port"]
    argv = [sys.executable, "-S", str(HERE / "launcher_stand_in.py"), "--name", name, "--port", str(port)]
    return Service(
        name=name,
        argv=(*argv, "--pids", str(folder / "pids"), *spec.get("behaviour", [])),
        host="127.0.0.1",
        port=port,
        ready=Answers(f"http://127.0.0.1:{port}/"),
        setting=f"services.{name}",
        start_timeout_s=spec.get("start_timeout_s", 20),
        after=tuple(spec.get("after", ())),
        critical=spec.get("critical", True),
        model=spec.get("model", ""),
    )


def main():
    specification = json.loads(sys.argv[1])
    folder = Path(specification["folder"])
    patience = Launcher(
        start_timeout_s=20,
        stop_timeout_s=specification.get("stop_timeout_s", 4),
        restart_limit=specification.get("restart_limit", 2),
        restart_window_s=60,
    )
    services = [service(spec, folder) for spec in specification["services"]]
    stand_ins = [[service(spec, folder) for spec in group] for group in specification.get("stand_ins", [])]
    needs_model = specification.get("needs_model", False)
    with Supervisor(services, folder / "logs", patience, stand_ins, needs_model=needs_model) as supervisor:
        supervisor.start()
        view = PlainLines(Labels("en"), lambda _: ["the banner"], time.monotonic())
        sys.exit(supervisor.run(view))


if __name__ == "__main__":
    main()
