"""An embedding model that is configured and not here: what needs it refuses with the way out, all else goes on."""

import io

import pytest
from containers import inline

from configs import Settings
from configs.sections.models import EmbedModel
from server.container import Container
from server.errors import ModelUnavailable, ZhiwenError
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import Upload

TEXT = "差旅报销须在出差结束后十五个工作日内提交，逾期不予受理。"
GONE = EmbedModel(engine="sentence-transformers", repo="org/gone")


def with_embedders(settings: Settings, gone: EmbedModel, preference: list[str]) -> Settings:
    models = settings.models
    changed = {"embed": {**models.embed, "gone": gone}, "embed_preference": preference}
    return settings.model_copy(update={"models": models.model_copy(update=changed)})


def put(container: Container, name: str, file: str = "报销.txt") -> dict[str, ZhiwenError | None]:
    return container.knowledge_bases.add_files(name, [Upload(file, io.BytesIO(TEXT.encode()))], IngestOptions())


@pytest.fixture
def before(settings: Settings) -> Settings:
    """There is a knowledge base of the model that will be gone."""
    container = inline(with_embedders(settings, EmbedModel(engine="fake"), ["gone"]))
    container.knowledge_bases.create("旧")
    assert put(container, "旧") == {"报销.txt": None}
    container.close()
    return settings


def test_its_knowledge_bases_refuse_and_new_ones_take_the_next_preference(before: Settings) -> None:
    container = inline(with_embedders(before, GONE, ["gone", "builtin-ngram"]))
    kbs = container.knowledge_bases
    with pytest.raises(ModelUnavailable, match=r'"gone".*no weights here \(python startup.py --download gone\)'):
        kbs.search(["旧"], "报销", top_k=1)
    [error] = put(container, "旧", "更多.txt").values()
    assert isinstance(error, ModelUnavailable)
    assert container.embedder_choice.name == "builtin-ngram"
    assert "gone: no weights here" in container.embedder_choice.reason_en, "the banner and the page say why"
    assert kbs.create("新").embed_model == "builtin-ngram"
    assert put(container, "新") == {"报销.txt": None}
    assert kbs.search(["新"], "多久之内提交报销", top_k=1)[0].chunk.text == TEXT
    container.close()


def test_without_another_preference_nothing_takes_its_place(before: Settings) -> None:
    container = inline(with_embedders(before, GONE, ["gone"]))
    kbs = container.knowledge_bases
    assert not container.embedder_choice.usable
    assert [one.name for one in kbs.list()] == ["旧"]
    with pytest.raises(ModelUnavailable, match="--download gone"):
        kbs.create("新")
    assert kbs.create("新", embed_model="builtin-ngram").embed_model == "builtin-ngram"
    container.close()
