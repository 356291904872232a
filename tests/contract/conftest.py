"""What the tests of the 0.2.10 contract share: the real services, started once, and a client written for 0.2.10."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "integration"))

from contract_product import Product, running_product
from peer_client import PeerClient


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("product")) as running:
        yield running


@pytest.fixture
def api(product: Product) -> Iterator[PeerClient]:
    product.script.clear()
    with PeerClient(product.url) as client:
        yield client
