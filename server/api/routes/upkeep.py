"""The care of knowledge bases: rebuild them in the background, check them, repair them."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from server.api.deps import ContainerDep, KnowledgeBasesDep, LanguageDep
from server.api.errors import text_of
from server.api.schemas.upkeep import (
    CheckReport,
    CheckResponse,
    CheckupDetails,
    CheckupListResponse,
    CheckupResponse,
    RebuildDetails,
    RebuildListResponse,
    RebuildResponse,
    RepairReport,
    RepairResponse,
    StartCheckup,
    StartRebuild,
    UpkeepRequest,
)
from server.errors import Language
from server.knowledge_base.audit import Report
from server.knowledge_base.checkups import Checkup
from server.knowledge_base.rebuilds import RebuildInfo
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.reconcile import Repairs
from server.knowledge_base.service import KnowledgeBases

router = APIRouter(prefix="/knowledge_base", tags=["Knowledge Base Management"])
PATIENCE_S = 5
_STARTED = {"zh": "已开始重建索引，可以离开", "en": "The rebuild has begun; you need not stay"}


@router.post("/rebuilds")
def start_rebuild(body: StartRebuild, container: ContainerDep, language: LanguageDep) -> RebuildResponse:
    """Build an index again from the files on disk, in the background; searches use the old one until it is done."""
    info = container.rebuilds.start(
        body.knowledge_base_name,
        IngestOptions(force=body.force),
        vector_store=body.vs_type,
        embed_model=body.embed_model,
    )
    return RebuildResponse(msg=_STARTED[language], data=_rebuild(info, language))


@router.get("/rebuilds")
def list_rebuilds(container: ContainerDep, language: LanguageDep, knowledge_base_name: str = "") -> RebuildListResponse:
    """The rebuilds since the service was started, the newest first, those of `recreate_vector_store` among them."""
    return RebuildListResponse(data=[_rebuild(info, language) for info in container.rebuilds.list(knowledge_base_name)])


@router.get("/rebuilds/{rebuild_id}")
def get_rebuild(rebuild_id: int, container: ContainerDep, language: LanguageDep) -> RebuildResponse:
    """One rebuild."""
    return RebuildResponse(data=_rebuild(container.rebuilds.get(rebuild_id), language))


@router.post("/rebuilds/{rebuild_id}/cancel")
def cancel_rebuild(rebuild_id: int, container: ContainerDep, language: LanguageDep) -> RebuildResponse:
    """Call a rebuild off: its readers end at once, and the index of before stays in use."""
    return RebuildResponse(data=_rebuild(container.rebuilds.cancel(rebuild_id), language))


@router.post("/check")
def check(body: UpkeepRequest, knowledge_bases: KnowledgeBasesDep) -> CheckResponse:
    """Compare files, database and indexes; changes nothing."""
    reports = knowledge_bases.maintenance.look(_names(body, knowledge_bases))
    return CheckResponse(data=[_report(report) for report in reports])


@router.post("/repair")
def repair(body: UpkeepRequest, knowledge_bases: KnowledgeBasesDep, language: LanguageDep) -> RepairResponse:
    """Remove what crashes left behind, and add to the indexes what they lack."""
    names = _names(body, knowledge_bases)
    done = knowledge_bases.maintenance.repair(names, patience_s=PATIENCE_S) if names else {}
    return RepairResponse(data=[_repairs(name, repairs, language) for name, repairs in done.items()])


@router.post("/checkups")
def start_check(body: StartCheckup, container: ContainerDep, language: LanguageDep) -> CheckupResponse:
    """Check a knowledge base in the background; changes nothing."""
    return CheckupResponse(data=_checkup(container.checkups.start(body.knowledge_base_name, "check"), language))


@router.post("/checkups/repair")
def start_repair(body: StartCheckup, container: ContainerDep, language: LanguageDep) -> CheckupResponse:
    """Repair a knowledge base in the background, and check it afterwards."""
    return CheckupResponse(data=_checkup(container.checkups.start(body.knowledge_base_name, "repair"), language))


@router.get("/checkups")
def list_checkups(container: ContainerDep, language: LanguageDep, knowledge_base_name: str = "") -> CheckupListResponse:
    """The checks and repairs in the background since the service was started, the newest first."""
    return CheckupListResponse(data=[_checkup(one, language) for one in container.checkups.list(knowledge_base_name)])


@router.get("/checkups/{checkup_id}")
def get_checkup(checkup_id: int, container: ContainerDep, language: LanguageDep) -> CheckupResponse:
    """How far one is, and what it found."""
    return CheckupResponse(data=_checkup(container.checkups.get(checkup_id), language))


def _names(body: UpkeepRequest, knowledge_bases: KnowledgeBases) -> list[str]:
    """Names as they are kept. Raises what `KnowledgeBases.get` raises."""
    if not body.knowledge_base_names:
        return [info.name for info in knowledge_bases.list()]
    return [knowledge_bases.get(name).name for name in dict.fromkeys(body.knowledge_base_names)]


def _rebuild(info: RebuildInfo, language: Language) -> RebuildDetails:
    values: dict[str, Any] = {
        **vars(info),
        "failed_files": {name: text_of(error, language) for name, error in info.failed.items()},
        "created": info.created.isoformat(timespec="seconds"),
        "ended": info.ended.isoformat(timespec="seconds") if info.ended else None,
        "error_code": info.error.code if info.error else "",
        "error": text_of(info.error, language) if info.error else "",
    }
    return RebuildDetails.model_validate(values)


def _checkup(one: Checkup, language: Language) -> CheckupDetails:
    values: dict[str, Any] = {
        **vars(one),
        "report": None if one.report is None else _report(one.report),
        "repairs": None if one.repairs is None else _repairs(one.knowledge_base, one.repairs, language),
        "created": one.created.isoformat(timespec="seconds"),
        "ended": one.ended.isoformat(timespec="seconds") if one.ended else None,
        "error_code": one.error.code if one.error else "",
        "error": text_of(one.error, language) if one.error else "",
    }
    return CheckupDetails.model_validate(values)


def _report(report: Report) -> CheckReport:
    findings = {name: list(value) if isinstance(value, tuple) else value for name, value in report.findings.items()}
    return CheckReport(
        name=report.name,
        state=report.state,
        agrees=report.agrees,
        files=report.files,
        chunks=report.chunks,
        findings=findings,
    )


def _repairs(name: str, repairs: Repairs, language: Language) -> RepairReport:
    problem = repairs.problem
    numbers = {key: value for key, value in asdict(repairs).items() if key != "problem"}
    error = {"error_code": problem.code, "error": text_of(problem, language)} if problem else {}
    return RepairReport.model_validate({"name": name, **numbers, **error})
