"""Who may use the services, and how much of them."""

from pydantic import SecretStr

from configs.sections.base import Section


class Security(Section):
    """Who may use the services."""

    api_key: SecretStr
