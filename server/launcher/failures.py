"""Why a service is not running, in words that say what to do."""

import re
import signal
from dataclasses import dataclass
from typing import Literal

from server.errors import Language

SHOWN_LINES = 12

# The first pattern found in the last lines of the log gives the advice; {0} is what the pattern caught first.
_ADVICE = [
    # A worker that cannot load its model says why, and what to do, in two lines.
    (r"^error: (.+)\n错误：(.+)$", "{0}", "{1}"),
    (
        r"No module named '([\w.]+)'",
        "The package {0} is missing. Run: make run    (or: pip install -r requirements.txt)",
        "缺少软件包 {0}。请运行：make run（或 pip install -r requirements.txt）",
    ),
    (  # vLLM: ValueError: The model's max seq len (32768) is larger than the maximum number of tokens that can be …
        r"(max seq len \(\d+\) is larger|larger than the available KV cache memory)",
        "Its context does not fit beside its weights. Set a smaller window for it, or a larger gpu_memory_utilization.",
        "显存放得下权重，但放不下它的上下文。请为该模型设置更小的 window，或更大的 gpu_memory_utilization。",
    ),
    (  # vLLM: ValueError: Free memory on device (5.1/23.6 GiB) on startup is less than desired GPU memory utilization
        r"(less than desired GPU memory utilization|No available memory for the cache blocks)",
        "The card has too little free memory. Stop what else uses it (nvidia-smi shows it), set a smaller "
        "gpu_memory_utilization, more cards with num_gpus, or a quantised model.",
        "显卡剩余显存不足。请停止占用显存的其他程序（nvidia-smi 可查看），或设置更小的 gpu_memory_utilization、"
        "更多显卡（num_gpus），或改用量化模型。",
    ),
    (  # vLLM: attention heads (14) must be divisible by tensor parallel size (4); World size (4) is larger than ...
        r"(divisible by (?:the )?tensor parallel size|World size \(\d+\) is larger than the number of available GPUs)",
        "num_gpus does not suit this model or this machine; 1, 2, 4 or 8 suit most.",
        "num_gpus 与该模型或本机的显卡数量不匹配，通常为 1、2、4 或 8。",
    ),
    (
        r"(out of memory|MemoryError|Cannot allocate memory)",
        "There is not enough memory. Stop other programs, choose a smaller model with -n NAME, or use --lite.",
        "内存不足。请关闭其他程序，用 -n NAME 选择更小的模型，或使用 --lite。",
    ),
    (
        r"(address already in use|Port \d+ is (?:already in use|not available))",
        "Another program took its port in the meantime. Stop that program, or choose another port in the settings.",
        "端口刚被其他程序占用。请停止该程序，或在设置中换一个端口。",
    ),
    (
        r"(No space left on device)",
        "The disk is full. Make room and start again.",
        "磁盘已满，请清理后重新启动。",
    ),
]
_KILLED = (
    "It was killed: by hand, or by the system for lack of memory; then choose a smaller model with -n NAME, or --lite.",
    "它被强行终止：可能是手动，也可能是系统内存不足；若是后者，请用 -n NAME 选择更小的模型，或使用 --lite。",
)
_ALONE = (
    "The controller {0} does not answer. Start it (python startup.py -o), or name another one with -c ADDRESS.",
    "控制器 {0} 没有响应。请启动它（python startup.py -o），或用 -c ADDRESS 指定另一个。",
)
_SLOW = (
    "If it only needs longer, raise launcher.start_timeout_s in configs/local.toml.",
    "如果只是加载较慢，请在 configs/local.toml 中调大 launcher.start_timeout_s。",
)


@dataclass(frozen=True)
class Failure:
    """What happened to a service: `seconds` after its start, with the last lines of its log.

    `detail` is the system's reason when it could not be started, the controller that a worker which timed out could not
    reach, and the failed service that one which was held back needs. `given_up` is the number of restarts after which
    it is left as it is.
    """

    kind: Literal["died", "timeout", "not_started", "held_back"]
    seconds: float
    log: str
    exit_code: int | None = None
    lines: tuple[str, ...] = ()
    detail: str = ""
    given_up: int = 0

    def summary(self, language: Language) -> str:
        """One sentence, without its full stop."""
        what = self._what_happened(language)
        if not self.given_up:
            return what
        if language == "zh":
            return f"{what}；已自动重启 {self.given_up} 次，不再重启"
        return f"{what}; it was restarted {self.given_up} times and is not started again by itself"

    def _what_happened(self, language: Language) -> str:
        zh = language == "zh"
        if self.kind == "not_started":
            return f"无法启动：{self.detail}" if zh else f"could not be started: {self.detail}"
        if self.kind == "held_back":
            return f"无法工作，因为 {self.detail} 失败" if zh else f"cannot work, because {self.detail} has failed"
        if self.kind == "timeout":
            return f"{self.seconds:.0f} 秒内没有就绪" if zh else f"was not ready within {self.seconds:.0f} s"
        how = _how_it_ended(self.exit_code or 0, language)
        return f"{self.seconds:.1f} 秒后{how}" if zh else f"{how} after {self.seconds:.1f} s"

    def advice(self, language: Language) -> str:
        """What to do."""
        index = 1 if language == "zh" else 0
        text = "\n".join(self.lines)
        for pattern, *advice in _ADVICE:
            if found := re.search(pattern, text, re.IGNORECASE | re.MULTILINE):
                return advice[index].format(*found.groups())
        if self.kind == "timeout":
            return _ALONE[index].format(self.detail) if self.detail else _SLOW[index]
        if self.exit_code == -9:
            return _KILLED[index]
        return f"原因见日志 {self.log}。" if index else f"The reason is in the log: {self.log}"

    def report(self, language: Language) -> list[str]:
        """The last lines of the log and the advice, for a console."""
        title = f"{self.log} 的最后几行：" if language == "zh" else f"last lines of {self.log}:"
        shown = [title, *(f"  {line}" for line in self.lines)] if self.lines else []
        return [*shown, f"→ {self.advice(language)}"]


def _how_it_ended(code: int, language: Language) -> str:
    if code >= 0:
        return f"退出（退出码 {code}）" if language == "zh" else f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"被 {name} 终止" if language == "zh" else f"was ended by {name}"
