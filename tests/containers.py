"""Containers for tests. Not in conftest.py: several folders have a module of that name."""

from configs import Settings
from server.container import Container, build_container
from server.knowledge_base.parsers import InlineParser


def inline(settings: Settings) -> Container:
    """A container that reads files in this process: starting parsers would take most of a test's time."""
    return build_container(settings, parser=InlineParser(settings))
