"""Settings of Zhiwen. Importing this package reads nothing; `load_settings` does."""

from configs.settings import PROJECT_ROOT, Settings, load_settings
from configs.version import VERSION

__all__ = ["PROJECT_ROOT", "VERSION", "Settings", "load_settings"]
