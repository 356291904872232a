"""The composition root: builds every object once from the settings. Nobody else builds collaborators."""

from collections.abc import Sequence
from dataclasses import dataclass

from configs import Settings
from server.agent.builtin_tools import Sources, builtin_tools
from server.agent.mcp_servers import McpServers
from server.agent.service import AgentService
from server.agent.toolbox import Toolbox
from server.chat.grounds import Grounds
from server.chat.memory import Conversations
from server.chat.service import ChatService
from server.chat.summaries import Summaries
from server.chat.summarizer import Summarizer
from server.chat.web import WebFinder
from server.db.session import Database
from server.fetching.fetcher import Fetcher
from server.keys import ApiKeys
from server.knowledge_base.checkups import Checkups
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.parsers import Parser, ParserPool
from server.knowledge_base.preview import Previewer
from server.knowledge_base.ranking import TextRanker
from server.knowledge_base.rebuilds import Rebuilds
from server.knowledge_base.search import Query
from server.knowledge_base.service import KnowledgeBases
from server.knowledge_base.temporary import TemporaryStores
from server.llm.catalog import Choice, wanted_embedder, wanted_llm
from server.llm.chat_models import ChatModels
from server.llm.downloads import Downloads
from server.llm.model_states import ModelStates
from server.llm.provider_shelf import ProviderShelf
from server.retrieval.rerank import Reranking
from server.search_engines.catalog import SearchEngines
from server.search_engines.web_search import WebSearch
from server.types import Hit


@dataclass(frozen=True)
class Container:
    """The objects of one running service."""

    settings: Settings
    database: Database
    api_keys: ApiKeys
    knowledge_bases: KnowledgeBases
    rebuilds: Rebuilds
    checkups: Checkups
    previewer: Previewer
    reranking: Reranking
    parser: Parser
    embedders: Embedders
    chat_models: ChatModels
    model_states: ModelStates
    downloads: Downloads
    provider_shelf: ProviderShelf
    chat: ChatService
    agent: AgentService
    grounds: Grounds
    search_engines: SearchEngines
    web: WebFinder
    conversations: Conversations
    temporary: TemporaryStores
    summaries: Summaries
    llm_choice: Choice
    embedder_choice: Choice

    async def aclose(self) -> None:
        """Let go of what belongs to the event loop, then of the rest."""
        await self.agent.aclose()
        await self.chat_models.aclose()
        self.close()

    def close(self) -> None:
        """Let go of what was opened."""
        self.downloads.close()
        self.knowledge_bases.jobs.stop()
        self.temporary.close()
        self.reranking.close()
        self.parser.close()
        self.conversations.close()
        self.database.close()


def build_container(settings: Settings, *, parser: Parser | None = None) -> Container:
    """Wire everything up and create missing tables; files are read by processes unless a parser is given.

    A model that cannot run here stops nothing but what needs it: who asks it is told why.

    Raises:
        DatabaseUnusable: it cannot be opened or made.
        ModelUnavailable: `retrieval.rerank` is true, and no rerank model can run here.
    """
    database = _database(settings)
    embedder_choice = wanted_embedder(settings)
    llm_choice = wanted_llm(settings)
    parser = parser or ParserPool(settings)
    embedders = Embedders(settings, embedder_choice)
    reranking = _reranking(settings)
    knowledge_bases = KnowledgeBases(settings, database, embedders, parser, reranking.present)
    search_engines = SearchEngines(settings)
    chat_models = ChatModels(settings, llm_choice.name)
    web = _web(settings, search_engines, embedders)
    temporary = TemporaryStores(settings, embedders, parser, knowledge_bases.forget_cached)
    return Container(
        settings=settings,
        database=database,
        api_keys=ApiKeys(settings, database),
        knowledge_bases=knowledge_bases,
        rebuilds=Rebuilds(knowledge_bases),
        checkups=Checkups(knowledge_bases),
        previewer=Previewer(settings, parser, knowledge_bases.forget_cached),
        reranking=reranking,
        parser=parser,
        embedders=embedders,
        chat_models=chat_models,
        model_states=ModelStates(settings, chat_models),
        downloads=Downloads(settings),
        provider_shelf=ProviderShelf(settings),
        chat=ChatService(settings, chat_models),
        agent=_agent(settings, knowledge_bases, web, chat_models),
        grounds=Grounds(settings, knowledge_bases.find, knowledge_bases.files, temporary, web),
        search_engines=search_engines,
        web=web,
        conversations=Conversations(database),
        temporary=temporary,
        summaries=Summaries(database, Summarizer(settings, chat_models)),
        llm_choice=llm_choice,
        embedder_choice=embedder_choice,
    )


def _database(settings: Settings) -> Database:
    database = Database(settings.database_url)
    database.create_tables()
    return database


def _reranking(settings: Settings) -> Reranking:
    reranking = Reranking(settings)
    reranking.present()  # refuses now what could not be done later
    return reranking


def _web(settings: Settings, engines: SearchEngines, embedders: Embedders) -> WebFinder:
    rank = TextRanker(embedders, settings.retrieval.candidates)
    return WebFinder(settings, WebSearch(engines), Fetcher.of(settings), rank)


def _agent(
    settings: Settings, knowledge_bases: KnowledgeBases, web: WebFinder, chat_models: ChatModels
) -> AgentService:
    """The agent with its tools; MCP servers are connected when they are first needed."""

    def search(names: Sequence[str], query: str, count: int) -> list[Hit]:
        return knowledge_bases.find(names, Query(query, count, distinct=True)).hits

    async def search_internet(query: str, count: int) -> Sequence[Hit]:
        return (await web.find(query, top_k=count)).hits

    tools = builtin_tools(settings, Sources(search, knowledge_bases.list, search_internet))
    return AgentService(settings, chat_models, Toolbox(tools, McpServers(settings.agent.mcp, settings.paths.logs)))
