"""Is a statement one question, and nothing but a question?

The parser decides, not a list of words: the statement must be a single SELECT (or a UNION of them, with WITH before
it), no part of it may change, lock or store anything, and no function may reach files, other servers or the clock.
"""

import re
from typing import Any

from server.errors import BadToolArguments

TOOL = "query_database"
# Kinds of sqlglot's nodes that change, lock or store something, wherever they stand.
_CHANGING = re.compile(
    r"Insert|Update|Delete|Merge|Create|Drop|Alter|Into|Lock|Command|Pragma|Set|Use|Attach|Detach|Copy|LoadData|"
    r"TruncateTable|Transaction|Commit|Rollback|Kill|Analyze|Refresh|Grant|Revoke|Comment|Cache|Uncache|Export"
)
# Functions that reach files or other servers, load code, wait, change settings or make huge values, in any dialect.
_FORBIDDEN_FUNCTION = re.compile(
    r"(pg_(?!catalog|typeof|get_|size_pretty|table_size|total_relation|database_size)\w+|lo_\w+|dblink\w*|"
    r"load_extension|readfile|writefile|edit|fts3_tokenizer|load_file|sleep|benchmark|get_lock|release_lock|"
    r"release_all_locks|waitfor|set_config|current_setting|query_to_xml\w*|table_to_xml\w*|database_to_xml\w*|"
    r"sys_exec|sys_eval|xp_\w+|sp_\w+|openrowset|opendatasource|copy|nextval|setval|randomblob|zeroblob|printf|format|repeat|rpad|lpad|space|generate_series|"
    r"file_\w+|http\w*|master_pos_wait|source_pos_wait|txid_\w+|system)",
    re.IGNORECASE,
)


def check_select(sql: str, dialect: str) -> str:
    """The statement as it was understood, so that what runs is what was checked.

    Raises:
        BadToolArguments: it is anything else than one SELECT.
    """
    import sqlglot
    from sqlglot import expressions
    from sqlglot.errors import SqlglotError

    if sqlglot.Dialect.get(dialect) is None:
        raise _refused(f"databases of the kind {dialect} are not supported")
    if "\0" in sql:
        raise _refused("the statement holds a null character")
    try:
        statements = [statement for statement in sqlglot.parse(sql, read=dialect) if statement is not None]
        if len(statements) != 1:
            raise _refused("send exactly one statement")
        if not isinstance(statements[0], expressions.Select | expressions.SetOperation):
            raise _refused("only SELECT is allowed")
        for node in statements[0].walk():
            _check(node)
        return statements[0].sql(dialect=dialect, comments=False)
    except (SqlglotError, RecursionError) as error:
        reason = (str(error).splitlines() or ["nested too deeply"])[0]
        raise _refused(f"the statement cannot be parsed: {reason[:200]}") from None


def _check(node: Any) -> None:
    from sqlglot import expressions

    kind = type(node).__name__
    if _CHANGING.fullmatch(kind):
        raise _refused(f"{kind.upper()} is not allowed, only reading is")
    if isinstance(node, expressions.Func):
        name = node.name if isinstance(node, expressions.Anonymous) else node.sql_name()
        if _FORBIDDEN_FUNCTION.fullmatch(str(name)):
            raise _refused(f"the function {name} is not allowed")


def _refused(reason: str) -> BadToolArguments:
    return BadToolArguments(name=TOOL, reason=reason)
