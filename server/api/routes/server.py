"""What this server is set to: settings under the names of 0.2.10, search engines, prompt templates."""

from fastapi import APIRouter

from server.api.deps import ContainerDep, LanguageDep
from server.api.schemas.base import ListResponse
from server.api.schemas.chat import ChatChoices, ChatChoicesResponse, SearchEngineChoice
from server.api.schemas.other import PromptRequest, ServerConfigs, SplitterName
from server.chat.prompts import Prompts
from server.errors import ModelCannotUseTools
from server.llm.catalog import preferred_llms
from text_splitter.table import SPLITTERS

router = APIRouter(prefix="/server", tags=["Server State"])
CHAT_MODES = ("llm_chat", "knowledge_base_chat", "search_engine_chat", "agent_chat")
FIRST_ENGINES = ("bing", "duckduckgo", "metaphor")
"""Those of 0.2.10, in its order; clients take the list as it is."""


@router.post("/configs")
def configs(container: ContainerDep) -> ServerConfigs:
    """The settings that a client may want to show as defaults; nothing secret."""
    settings = container.settings
    models = preferred_llms(settings)
    default = container.llm_choice.name
    return ServerConfigs(
        DEFAULT_KNOWLEDGE_BASE=settings.knowledge_base.default,
        DEFAULT_SEARCH_ENGINE=settings.search.engine,
        DEFAULT_VS_TYPE=settings.knowledge_base.vector_store,
        CHUNK_SIZE=settings.knowledge_base.chunk_size,
        OVERLAP_SIZE=settings.knowledge_base.chunk_overlap,
        SCORE_THRESHOLD=settings.retrieval.score_threshold,
        VECTOR_SEARCH_TOP_K=settings.retrieval.top_k,
        SEARCH_ENGINE_TOP_K=settings.search.top_k,
        ZH_TITLE_ENHANCE=settings.knowledge_base.zh_title_enhance,
        text_splitter_dict={name: SplitterName() for name in SPLITTERS},
        TEXT_SPLITTER_NAME=settings.knowledge_base.splitter,
        LLM_MODELS=[default, *(name for name in models if name != default)],
        HISTORY_LEN=settings.chat.history_len,
        TEMPERATURE=settings.chat.temperature,
        PROMPT_TEMPLATES=_templates(container.chat.prompts),
        controller_address=settings.services.controller.url,
        openai_api_address=f"{settings.services.openai_api.url}/v1",
        api_address=settings.services.api.url,
    )


@router.post("/list_search_engines")
async def list_search_engines(container: ContainerDep) -> ListResponse:
    """The names that search_engine_chat takes: those of 0.2.10 first, then the others that can be asked."""
    usable = [name for name in container.search_engines.configured() if name not in FIRST_ENGINES]
    return ListResponse(data=[*FIRST_ENGINES, *usable])


@router.post("/get_prompt_template")
def get_prompt_template(container: ContainerDep, body: PromptRequest | None = None) -> str:
    """The text of a template, as a JSON string."""
    wanted = body or PromptRequest()
    return container.chat.prompts.load(wanted.type, wanted.name)


@router.get("/chat_choices")
async def chat_choices(container: ContainerDep, language: LanguageDep) -> ChatChoicesResponse:
    """What a question may choose from besides knowledge bases, models and tools, which have routes of their own."""
    prompts, engines = container.chat.prompts, container.search_engines
    preferred = container.settings.search.engine
    quoting = [name for name, model in container.settings.models.llm.items() if model.engine == "builtin"]
    return ChatChoicesResponse(
        data=ChatChoices(
            prompts={mode: prompts.names(mode) for mode in CHAT_MODES},
            search_engines=[
                SearchEngineChoice(name=name, missing=missing, default=name == preferred)
                for name, missing in engines.missing().items()
            ],
            agent_model=container.settings.agent.model or container.chat_models.default,
            no_agents={name: ModelCannotUseTools(name=name).message(language) for name in quoting},
        )
    )


def _templates(prompts: Prompts) -> dict[str, dict[str, str]]:
    groups = sorted(folder.name for folder in prompts.folder.iterdir() if folder.is_dir())
    return {group: {name: prompts.load(group, name) for name in prompts.names(group)} for group in groups}
