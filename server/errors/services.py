"""Errors of models, services, libraries and storage."""

from server.errors.base import Busy, Conflict, InvalidInput, NotFound, Unavailable, UpstreamFailed


class ModelNotFound(NotFound):
    """Detail: name, known."""

    code = "model_not_found"
    en = 'The model "{name}" is not configured. Configured models: {known}.'
    zh = "没有配置名为“{name}”的模型，已配置的模型：{known}。"


class ModelUnavailable(Unavailable):
    """Detail: name, reason_en, reason_zh."""

    code = "model_unavailable"
    en = 'The model "{name}" cannot be used now: {reason_en}.'
    zh = "模型“{name}”暂不可用：{reason_zh}。"


class MissingDependency(Unavailable):
    """Detail: what, install."""

    code = "missing_dependency"
    en = "{what} needs a package that is not installed. Install it: {install}"
    zh = "{what} 需要的软件包没有安装，请运行：{install}"


class ServiceUnavailable(Unavailable):
    """Another service of Zhiwen does not answer. Detail: name, url, log."""

    code = "service_unavailable"
    en = "{name} at {url} does not answer. Start it with: python startup.py -a (its log: {log})."
    zh = "{name}（{url}）没有响应，请用 python startup.py -a 启动它（日志：{log}）。"


class StorageFailed(Unavailable):
    """The disk is full or cannot be written. Detail: reason."""

    code = "storage_failed"
    en = "The data could not be written: {reason}. Nothing was lost; make room on the disk and try again."
    zh = "数据无法写入：{reason}。没有丢失数据，请清理磁盘后重试。"


class DatabaseUnusable(Unavailable):
    """The metadata database cannot be opened. Detail: reason."""

    code = "database_unusable"
    en = (
        "The database cannot be opened: {reason}. See that the folder of paths.knowledge_base can be written, or that "
        "database.url is right and its server runs."
    )
    zh = (
        "数据库无法打开：{reason}。请确认 paths.knowledge_base 的文件夹可写；"
        "若使用 database.url，请确认地址正确且服务已启动。"
    )


class ModelFailed(UpstreamFailed):
    """Detail: name, reason."""

    code = "model_failed"
    en = 'The model "{name}" failed: {reason}. Ask again; if it happens again, read the log of its worker.'
    zh = "模型“{name}”出错：{reason}。请重试；若再次出现，请查看该模型的日志。"


class ModelRefused(InvalidInput):
    """The model, or its provider, does not take the request as it is. Detail: name, reason."""

    code = "model_refused"
    en = 'The model "{name}" does not take this request: {reason}. Change the request and send it again.'
    zh = "模型“{name}”不接受该请求：{reason}。请修改后重新发送。"


class ContextTooLong(InvalidInput):
    """Prompt and answer do not fit into the model's window. Detail: name, reason."""

    code = "context_too_long"
    en = 'The request does not fit the model "{name}": {reason}. Shorten it, lower max_tokens, or begin a new chat.'
    zh = "请求超出模型“{name}”的上下文长度：{reason}。请缩短内容、减小 max_tokens，或开始新的对话。"


class ModelTimeout(UpstreamFailed):
    """Detail: name, seconds."""

    code = "model_timeout"
    en = 'The model "{name}" sent nothing for {seconds} s. Ask again, or raise chat.request_timeout_s.'
    zh = "模型“{name}”在 {seconds} 秒内没有返回内容。请重试，或调大设置 chat.request_timeout_s。"


class RerankSkipped(UpstreamFailed):
    """A notice: hits stand in the order of the two indexes. Detail: reason_en, reason_zh."""

    code = "rerank_skipped"
    en = "The hits were not reranked: {reason_en}. Raise retrieval.rerank_timeout_s, or set retrieval.rerank = false."
    zh = "结果未经重排：{reason_zh}。可调大 retrieval.rerank_timeout_s，或设置 retrieval.rerank = false。"


class ProviderBusy(Busy):
    """A provider limits requests. Detail: name, provider, reason, seconds."""

    code = "provider_busy"
    en = 'The provider of "{name}" ({provider}) limits requests: {reason}. Ask again in {seconds} s.'
    zh = "“{name}”的服务商（{provider}）限制了请求：{reason}。请在 {seconds} 秒后重试。"


class ProviderUnusable(Unavailable):
    """A provider that was tried does not work. Detail: name, reason_en, reason_zh, advice_en, advice_zh."""

    code = "provider_unusable"
    en = 'The provider "{name}" does not work. {reason_en} {advice_en}.'
    zh = "服务商“{name}”不可用。{reason_zh}{advice_zh}。"


class NothingToDownload(InvalidInput):
    """Detail: name."""

    code = "nothing_to_download"
    en = 'The model "{name}" has no "repo" in the settings. Add it, or put the weights into {folder} yourself.'
    zh = "模型“{name}”在设置中没有 repo。请补上，或自行把权重放到 {folder}。"


class DownloadFailed(UpstreamFailed):
    """Detail: name, repo, endpoint, reason_en, reason_zh, folder."""

    code = "download_failed"
    en = (
        'The weights of "{name}" ({repo}) did not arrive from {endpoint}: {reason_en}. Run the command again to '
        "continue; name a mirror with HF_ENDPOINT=https://<mirror>; or copy the weights from another machine into "
        "{folder}."
    )
    zh = (
        "未能从 {endpoint} 取得“{name}”（{repo}）的权重：{reason_zh}。再次运行即可续传；"
        "也可用 HF_ENDPOINT=https://<镜像> 指定镜像，或从别的机器把权重复制到 {folder}。"
    )


class ModelChangeRefused(Conflict):
    """A model cannot be started, stopped or replaced as things are.

    Detail: reason_en (a sentence without its full stop), reason_zh.
    """

    code = "model_change_refused"
    en = "{reason_en}. GET /llm_model/states shows what can be changed."
    zh = "{reason_zh} GET /llm_model/states 列出了可以更改的模型。"


class ModelStartFailed(UpstreamFailed):
    """A model was started and did not get ready. Detail: reason_en (a sentence without its full stop), reason_zh."""

    code = "model_start_failed"
    en = "{reason_en}. What ran before runs on."
    zh = "{reason_zh} 之前运行的模型不受影响。"


class ControllerRefused(InvalidInput):
    """A request names a controller that is not ours. Detail: given, known."""

    code = "controller_refused"
    en = "Only the configured controller {known} is asked, not {given}. Leave controller_address out."
    zh = "只访问已配置的控制器 {known}，不访问 {given}。请去掉 controller_address。"


class DownloadRunning(Conflict):
    """Detail: name."""

    code = "download_running"
    en = 'The weights of "{name}" are being fetched already. GET /llm_model/downloads tells how far they are.'
    zh = "“{name}”的权重正在下载，GET /llm_model/downloads 可查看进度。"


class DownloadNotFound(NotFound):
    """Detail: name."""

    code = "download_not_found"
    en = 'No download of "{name}" is running. GET /llm_model/downloads lists them.'
    zh = "没有正在进行的“{name}”下载，GET /llm_model/downloads 列出了全部下载。"


class LogNotFound(NotFound):
    """Detail: name, known."""

    code = "log_not_found"
    en = 'There is no log "{name}". Logs: {known}.'
    zh = "没有名为“{name}”的日志，已有的日志：{known}。"
