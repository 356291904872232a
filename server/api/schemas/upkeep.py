"""The care of knowledge bases: rebuilds in the background, checks, repairs."""

from typing import Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request


class StartRebuild(Request):
    """POST /knowledge_base/rebuilds. Empty names keep the model and the store that the knowledge base has."""

    knowledge_base_name: str
    embed_model: str = ""
    vs_type: str = ""
    force: bool = False


class RebuildDetails(BaseModel):
    """One rebuild: `finished` of `total` files are through, `file` was the last of them.

    `failed_files` tells why files have no chunks. `unchanged`: nothing had changed, so nothing was done. `edits_lost`
    counts changes of chunks that found no place. `error`: why it failed as a whole; the index of before is in use.
    """

    id: int
    knowledge_base: str
    state: Literal["running", "done", "failed", "cancelled"]
    total: int
    finished: int
    file: str
    failed_files: dict[str, str]
    edits_lost: int
    unchanged: bool
    created: str
    ended: str | None = None
    error_code: str = ""
    error: str = ""


class RebuildResponse(BaseResponse):
    """One rebuild."""

    data: RebuildDetails | None = None


class RebuildListResponse(BaseResponse):
    """Rebuilds, the newest first."""

    data: list[RebuildDetails] = Field(default_factory=list)


class StartCheckup(Request):
    """POST /knowledge_base/checkups and /knowledge_base/checkups/repair."""

    knowledge_base_name: str


class UpkeepRequest(Request):
    """POST /knowledge_base/check and /knowledge_base/repair; without names all knowledge bases."""

    knowledge_base_names: list[str] = Field(default_factory=list, max_length=1000)


class CheckReport(BaseModel):
    """Where disk, database and indexes of a knowledge base disagree.

    `state` is `busy` when somebody was changing it and nothing was looked at, `damaged` when its index cannot be
    opened. `findings` maps what is wrong to names of files, or to a number of chunks or entries.
    """

    name: str
    state: Literal["checked", "busy", "damaged", "unknown"]
    agrees: bool
    files: int
    chunks: int
    findings: dict[str, list[str] | int]


class CheckResponse(BaseResponse):
    """POST /knowledge_base/check."""

    data: list[CheckReport] = Field(default_factory=list)


class RepairReport(BaseModel):
    """What was put right in one knowledge base; `error` tells what kept the rest from it."""

    name: str
    chunks_removed: int
    entries_removed: int
    entries_added: int
    files_moved: int
    indexes_removed: int
    error_code: str = ""
    error: str = ""


class RepairResponse(BaseResponse):
    """POST /knowledge_base/repair."""

    data: list[RepairReport] = Field(default_factory=list)


class CheckupDetails(BaseModel):
    """One check or repair in the background: `done` of `total` of a stage are through, 0 of 0 where nobody can say.

    In the end there is a `report`, after a repair also what was put right; `error` tells why it failed.
    """

    id: int
    knowledge_base: str
    kind: Literal["check", "repair"]
    state: Literal["running", "done", "failed"]
    stage: Literal["hashing", "comparing", "repairing", "embedding"]
    done: int
    total: int
    report: CheckReport | None = None
    repairs: RepairReport | None = None
    created: str
    ended: str | None = None
    error_code: str = ""
    error: str = ""


class CheckupResponse(BaseResponse):
    """One check or repair."""

    data: CheckupDetails | None = None


class CheckupListResponse(BaseResponse):
    """Checks and repairs, the newest first."""

    data: list[CheckupDetails] = Field(default_factory=list)
