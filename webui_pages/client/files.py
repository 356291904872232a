"""Files of a knowledge base and the work on them."""

from collections.abc import Iterator
from typing import IO

from pydantic import BaseModel, Field

from server.api.schemas.files import DeleteFiles, FileDetails, UpdateFiles
from server.api.schemas.jobs import JobDetails, Queued
from webui_pages.client.transport import Envelope, Transport


class Receipt(BaseModel):
    """What a deletion took away: numbers, and bytes of files."""

    files: int = 0
    chunks: int = 0
    vectors: int = 0
    words: int = 0
    bytes: int = 0
    cache_entries: int = 0


class Deletion(BaseModel):
    """What became of files that were to go: name to reason of those that stayed, and the receipt."""

    failed_files: dict[str, str] = Field(default_factory=dict)
    receipt: Receipt = Field(default_factory=Receipt)


class FileCalls(Transport):
    """Calls of this part."""

    def files(self, knowledge_base: str) -> list[FileDetails]:
        """All files of a knowledge base."""
        return self._list(FileDetails, "/knowledge_base/list_files", {"knowledge_base_name": knowledge_base})

    def upload(self, knowledge_base: str, name: str, content: IO[bytes], *, overwrite: bool) -> Queued:
        """Send one file, or an archive of files; returns the jobs that read it as soon as it is stored."""
        fields = {"knowledge_base_name": knowledge_base, "override": str(overwrite).lower(), "wait": "false"}
        with self._call(
            "POST",
            "/knowledge_base/upload_docs",
            data=fields,
            files={"files": (name, content, "application/octet-stream")},
        ) as response:
            return self._parse(Envelope[Queued], response.read()).data

    def read_again(self, request: UpdateFiles) -> Queued:
        """Queue files that are there to be read once more; returns the jobs."""
        with self._call("POST", "/knowledge_base/update_docs", json=request.model_dump(exclude_none=True)) as response:
            return self._parse(Envelope[Queued], response.read()).data

    def jobs(self, knowledge_base: str, *states: str) -> list[JobDetails]:
        """Jobs in these states of one knowledge base, or without a name of all, the newest first."""
        params = {"knowledge_base_name": knowledge_base, "state": states}
        with self._call("GET", "/knowledge_base/jobs", params=params) as response:
            return self._parse(Envelope[list[JobDetails]], response.read()).data

    def job(self, job_id: int) -> JobDetails:
        """One job."""
        with self._call("GET", f"/knowledge_base/jobs/{job_id}") as response:
            return self._parse(Envelope[JobDetails], response.read()).data

    def cancel(self, job_id: int) -> None:
        """Cancel a job that waits or is being read."""
        self._post(f"/knowledge_base/jobs/{job_id}/cancel", None)

    def retry_failed(self, knowledge_base: str) -> Queued:
        """Read all failed files again."""
        body = {"knowledge_base_name": knowledge_base}
        with self._call("POST", "/knowledge_base/retry_failed", json=body) as response:
            return self._parse(Envelope[Queued], response.read()).data

    def retry(self, job_id: int) -> Queued:
        """Read the file of a failed job again."""
        with self._call("POST", f"/knowledge_base/jobs/{job_id}/retry") as response:
            return self._parse(Envelope[Queued], response.read()).data

    def delete_files(self, knowledge_base: str, names: list[str]) -> Deletion:
        """Remove files from the knowledge base and the disk."""
        request = DeleteFiles(knowledge_base_name=knowledge_base, file_names=names, delete_content=True)
        with self._call("POST", "/knowledge_base/delete_docs", json=request.model_dump()) as response:
            return self._parse(Envelope[Deletion], response.read()).data

    def download(self, knowledge_base: str, name: str) -> Iterator[bytes]:
        """The file as it was uploaded, piece by piece."""
        params = {"knowledge_base_name": knowledge_base, "file_name": name}
        with self._call("GET", "/knowledge_base/download_doc", params=params) as response:
            yield from response.iter_bytes()
