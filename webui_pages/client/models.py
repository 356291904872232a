"""Models: states, changes, weights, providers."""

from typing import Any

from pydantic import BaseModel

from server.api.schemas.models import CatalogEntry, DownloadDetails, ModelStateDetails, ProviderDetails
from webui_pages.client.transport import Envelope, Transport

CHANGE_TIMEOUT_S = 3600.0


class Tried(BaseModel):
    """What a provider took for a word, in seconds."""

    provider: str
    model: str
    first_s: float
    total_s: float
    text: str = ""


class ModelCalls(Transport):
    """Calls of this part."""

    def model_states(self) -> list[ModelStateDetails]:
        """Every chat model with its state."""
        with self._call("GET", "/llm_model/states") as response:
            return self._parse(Envelope[list[ModelStateDetails]], response.read()).data

    def start_model(self, name: str) -> None:
        """Start a model; returns when it can be asked."""
        self._change("/llm_model/start", {"model_name": name})

    def stop_model(self, name: str) -> None:
        """Stop a model; returns when its process is gone."""
        self._change("/llm_model/stop", {"model_name": name})

    def change_model(self, name: str, new_name: str) -> None:
        """Stop one model and start another."""
        self._change("/llm_model/change", {"model_name": name, "new_model_name": new_name})

    def catalog(self) -> list[CatalogEntry]:
        """Every configured model of any kind."""
        with self._call("GET", "/llm_model/catalog") as response:
            return self._parse(Envelope[list[CatalogEntry]], response.read()).data

    def downloads(self) -> list[DownloadDetails]:
        """Downloads since the API was started, newest first."""
        with self._call("GET", "/llm_model/downloads") as response:
            return self._parse(Envelope[list[DownloadDetails]], response.read()).data

    def download_model(self, name: str) -> None:
        """Fetch weights in the background."""
        self._post("/llm_model/download", {"model_name": name})

    def cancel_download(self, name: str) -> None:
        """End a download."""
        self._post("/llm_model/cancel_download", {"model_name": name})

    def presets(self) -> dict[str, dict[str, Any]]:
        """Services whose address is known."""
        with self._call("GET", "/llm_model/presets") as response:
            return self._parse(Envelope[dict[str, dict[str, Any]]], response.read()).data

    def providers(self) -> list[ProviderDetails]:
        """Every provider of the settings."""
        with self._call("GET", "/llm_model/providers") as response:
            return self._parse(Envelope[list[ProviderDetails]], response.read()).data

    def try_provider(self, provider: str, model: str = "") -> Tried:
        """Ask a provider for a word."""
        body = {"provider": provider, "model": model}
        with self._call("POST", "/llm_model/test_provider", json=body) as response:
            return self._parse(Envelope[Tried], response.read()).data

    def _change(self, path: str, body: dict[str, str]) -> None:
        with self._call("POST", path, json=body, timeout=CHANGE_TIMEOUT_S) as response:
            response.read()
