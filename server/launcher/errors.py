"""Reasons why the launcher refuses to start, or to change, something."""

from server.errors import Conflict, InvalidInput, NotFound, Unavailable, UpstreamFailed


class PortInUse(Unavailable):
    """Detail: service, port, holder_en, holder_zh, setting, variable."""

    code = "port_in_use"
    en = (
        "{service} cannot start: port {port} is in use by {holder_en}. Stop that program, or choose another port: "
        "{setting} in configs/local.toml, or the environment variable {variable}=..."
    )
    zh = (
        "{service} 无法启动：端口 {port} 已被{holder_zh}占用。请先停止该程序，或换一个端口："
        "在 configs/local.toml 中设置 {setting}，或设置环境变量 {variable}=..."
    )


class PortUsedTwice(InvalidInput):
    """Detail: port, service, other, setting, other_setting."""

    code = "port_used_twice"
    en = "{service} and {other} are both set to port {port}. Change {setting} or {other_setting}."
    zh = "{service} 与 {other} 设置了同一个端口 {port}，请修改 {setting} 或 {other_setting}。"


class AddressUnusable(Unavailable):
    """Detail: service, host, port, reason, setting."""

    code = "address_unusable"
    en = "{service} cannot listen on {host}, port {port}: {reason}. Change {setting}."
    zh = "{service} 无法监听 {host} 的端口 {port}：{reason}。请修改 {setting}。"


class FolderNotWritable(Unavailable):
    """Detail: setting, folder, reason, variable."""

    code = "folder_not_writable"
    en = (
        "Nothing can be written into {folder}: {reason}. Make the folder writable for the user who starts Zhiwen, or "
        "choose another one: {setting} in configs/local.toml, or the environment variable {variable}=..."
    )
    zh = (
        "文件夹 {folder} 无法写入：{reason}。请让启动知问的用户可以写入该文件夹，或换一个文件夹："
        "在 configs/local.toml 中设置 {setting}，或设置环境变量 {variable}=..."
    )


class NoOnlineModels(NotFound):
    """`--api-worker` without anything to serve."""

    code = "no_online_models"
    en = (
        "--api-worker: no online model is configured, so there is no worker to start. "
        "Local and built-in models are started by --model-worker."
    )
    zh = "--api-worker：没有配置在线模型，没有可启动的 worker。本地与内置模型请用 --model-worker 启动。"


class NeedsWeights(InvalidInput):
    """Detail: name, known."""

    code = "needs_weights"
    en = 'The model "{name}" runs on local weights, which --lite leaves out. Models without weights: {known}.'
    zh = "模型“{name}”需要本地权重，而 --lite 不启动这类模型。无需权重的模型：{known}。"


class WorkerUnreachable(InvalidInput):
    """Detail: controller, host."""

    code = "worker_unreachable"
    en = (
        "The controller {controller} is on another machine and cannot reach a worker that listens on {host}. "
        "Set services.workers.host to an address of this machine that the controller can reach."
    )
    zh = (
        "控制器 {controller} 在另一台机器上，无法访问监听 {host} 的 worker。"
        "请把 services.workers.host 设为控制器能访问到的本机地址。"
    )


class KeyNeeded(InvalidInput):
    """Detail: setting, host."""

    code = "key_needed"
    en = (
        "{setting} = {host} lets other machines in, and security.api_key is empty. "
        "Set a long random security.api_key, or bind to 127.0.0.1."
    )
    zh = "{setting} = {host} 会让其他机器访问，而 security.api_key 为空。请设置足够长的随机密钥，或改为 127.0.0.1。"


class ModelRunning(Conflict):
    """Detail: name."""

    code = "model_running"
    en = 'The model "{name}" is running already, or being loaded.'
    zh = "模型“{name}”已在运行或正在加载。"


class ModelNotRunning(Conflict):
    """Detail: name, running."""

    code = "model_not_running"
    en = 'The model "{name}" is not running here. Running: {running}.'
    zh = "模型“{name}”没有在此运行。正在运行：{running}。"


class ModelNotStarted(UpstreamFailed):
    """Detail: name, reason_en, reason_zh, advice_en, advice_zh."""

    code = "model_not_started"
    en = 'The model "{name}" did not start: it {reason_en}. {advice_en}'
    zh = "模型“{name}”未能启动：{reason_zh}。{advice_zh}"


class StoppedWhileLoading(Conflict):
    """Detail: name."""

    code = "stopped_while_loading"
    en = 'The model "{name}" was stopped before it had loaded.'
    zh = "模型“{name}”在加载完成前被停止。"


class ShuttingDown(Unavailable):
    """A command came while everything is being stopped."""

    code = "shutting_down"
    en = "Zhiwen is being stopped; start it again with: python startup.py -a"
    zh = "知问正在停止，请用 python startup.py -a 重新启动。"
