"""Why a model cannot be loaded or asked, and what to try. No torch."""

import re

MEMORY_EN = (
    'use a smaller model, quantization = "4bit", dtype = "bfloat16", a smaller window, or more cards (num_gpus), '
    "or stop other programs"
)
MEMORY_ZH = (
    '请换用更小的模型，设置 quantization = "4bit"、dtype = "bfloat16"、更小的 window 或更多显卡（num_gpus），'
    "或关闭其他程序"
)
# Libraries raise every kind of exception here; what their texts have in common decides. {name} is the model.
_CODE_EN = (
    "brings code of its own, which is not run unasked. If you trust where it comes from, set "
    'trust_remote_code = true in [models.llm."{name}"]'
)
_CODE_ZH = '自带代码，默认不执行。若信任其来源，请在 [models.llm."{name}"] 中设置 trust_remote_code = true'
_KNOWN = [
    (
        r"out of memory|MemoryError|can't allocate memory|Cannot allocate memory|DefaultCPUAllocator",
        f"does not fit into memory: {MEMORY_EN}",
        f"内存（显存）不足：{MEMORY_ZH}",
    ),
    (
        r"trust_remote_code|requires you to execute the configuration file",
        _CODE_EN,
        _CODE_ZH,
    ),
    (
        r"does not recognize this architecture|Unrecognized (?:model|configuration class)",
        "is of a kind that this version of transformers cannot run as a chat model; try a newer transformers, or "
        'engine = "vllm" or "fastchat"',
        '的结构不受当前 transformers 版本支持，请升级 transformers，或改用 engine = "vllm" 或 "fastchat"',
    ),
    (
        r"GPU or XPU is needed|GPU is (?:needed|required)|requires an? (?:\w+ )*GPU|only supported on GPU",
        "was quantised in a form that only graphics cards can run; take its plain weights, or a machine with a GPU",
        "的量化格式只能在显卡上运行，请改用未量化的权重，或在有 GPU 的机器上运行",
    ),
    (
        r"SafetensorError|HeaderTooLarge|IncompleteMetadata|invalid load key|PytorchStreamReader|no file named"
        r"|not a valid JSON|EOFError|size mismatch|JSONDecodeError",
        "has incomplete or damaged files; fetch them again: python startup.py --download {name}",
        "的文件不完整或已损坏，请重新下载：python startup.py --download {name}",
    ),
]


# The folders in front of a file name: what fails is told to everybody who asks the model.
_FOLDERS = re.compile(r"(?<![:/\w])(?:[A-Za-z]:)?(?:[/\\][\w.@+~-]+)+[/\\]")
_INSTALL = re.compile(r"pip install (?:-\S+ )*['\"]?([\w.-]*\w)")


class LoadFailed(Exception):
    """A model cannot be loaded. Both texts go on after the model's name."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class PromptRefused(Exception):
    """The chat template does not take these messages; the text says why."""


def explained(name: str, error: BaseException) -> LoadFailed:
    """What an error of the libraries means to who starts the model."""
    if isinstance(error, LoadFailed):
        return error
    text = f"{type(error).__name__}: {error}"
    for pattern, en, zh in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return LoadFailed(en.format(name=name), zh.format(name=name))
    if isinstance(error, ImportError) or _INSTALL.search(text):
        return missing_package(_package(error))
    reason = _FOLDERS.sub("", " ".join(text.split()))[:300]
    again = f"python startup.py --download {name}"
    return LoadFailed(
        f"cannot be loaded ({reason}). If its files are incomplete, fetch them again: {again}",
        f"无法加载（{reason}）。如果文件不完整，请重新下载：{again}",
    )


def no_weights(name: str) -> LoadFailed:
    """Its folder holds none."""
    again = f"python startup.py --download {name}"
    return LoadFailed(f"has no weights here. Fetch them: {again}", f"本机没有权重，请下载：{again}")


def untrusted_code(name: str) -> LoadFailed:
    """It wants code to be run that nobody has allowed."""
    return LoadFailed(_CODE_EN.format(name=name), _CODE_ZH.format(name=name))


def missing_package(package: str) -> LoadFailed:
    """A library is not installed."""
    return LoadFailed(
        f"needs {package}. Install it in Zhiwen's environment: pip install {package}",
        f"需要 {package}，请在知问的环境中安装：pip install {package}",
    )


def not_enough(need: int, have: int, where_en: str, where_zh: str) -> LoadFailed:
    """The weights (bytes) are larger than what is free."""
    needed, free = need / 2**30, have / 2**30
    return LoadFailed(
        f"does not fit: its weights need {needed:.1f} GiB, {where_en} has {free:.1f} GiB free; {MEMORY_EN}",
        f"放不下：权重需要 {needed:.1f} GiB，{where_zh}剩余 {free:.1f} GiB；{MEMORY_ZH}",
    )


def _package(error: BaseException) -> str:
    found = _INSTALL.search(str(error))
    return found[1] if found else getattr(error, "name", None) or str(error)
