"""What `init_database.py` does: tables, indexes out of the files on disk, checks and repairs, folders, backups.

The flags are those of 0.2.10 and some of ours. Where its flags meant every folder under the root, ours do too; a name
that is neither a folder nor a knowledge base is an error instead of a new knowledge base.
"""

from server.upkeep.arguments import parser
from server.upkeep.main import run

__all__ = ["parser", "run"]
