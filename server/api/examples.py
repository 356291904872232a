"""An example for every schema: by the names of fields, which mean the same in all routes, else by their types."""

from collections.abc import Mapping
from typing import Any

FIELDS: Mapping[str, Any] = {
    "knowledge_base_name": "samples",
    "knowledge_base_names": ["samples"],
    "kb_name": "samples",
    "query": "知问支持哪些文件格式？",
    "file_name": "guide.md",
    "file_names": ["guide.md"],
    "files": ["guide.md"],
    "messages": [{"role": "user", "content": "知问支持哪些文件格式？"}],
    "model": "kb:samples",
    "model_name": "builtin-extractive",
    "new_model_name": "builtin-extractive",
    "conversation_id": "3f0c6d1e9b5f4d1b8f60b7b5a0b6a1d2",
    "message_id": "9a4e0d2f61b14c0f8d6d6d0c2f7e1a55",
    "knowledge_id": "tmp0123456789abcdef0123456789abcdef",
    "input": "知问支持哪些文件格式？",
    "texts": ["知问支持哪些文件格式？"],
    "documents": ["知问支持 PDF。", "今天下雨。"],
    "title": "文件格式",
    "id": "1",
    "ids": ["1"],
    "kb_info": "知问的使用说明",
    "search_engine_name": "duckduckgo",
    "provider": "ollama",
    "text": "保修期为两年。",
    "mode": "local_kb",
    "param": "samples",
    "name": "reports",
}
SHORTEST_INTEGER = 1
DEEPEST = 6


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:
    """A value that fits the schema; `name` is the field it stands for."""
    schema = _resolved(schema, schemas)
    given = _given(schema, name)
    if given is not None or depth > DEEPEST:
        return given
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return _object(schema, schemas, depth)
    if kind == "array":
        return [example_of(schema.get("items", {}), schemas, "", depth + 1)]
    if kind in ("integer", "number"):
        return schema.get("minimum", SHORTEST_INTEGER)
    return {"boolean": False, "string": "text"}.get(str(kind), "text")


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    while True:
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        elif choices := schema.get("anyOf") or schema.get("allOf") or schema.get("oneOf"):
            fitting = [choice for choice in choices if choice.get("type") != "null"]
            rest = {key: value for key, value in schema.items() if key not in ("anyOf", "allOf", "oneOf")}
            schema = {**fitting[0], **rest}
        else:
            return schema


def _given(schema: Mapping[str, Any], name: str) -> Any:
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema or schema.get("enum"):
        return schema.get("const") or schema["enum"][0]
    known = FIELDS.get(name)
    fits = {"string": str, "array": list, "integer": int}.get(str(schema.get("type")))
    if fits is not None and isinstance(known, fits):
        return known
    default = schema.get("default")
    return default if default not in (None, "", [], {}) else None


def _object(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """Required fields, and those that make an example tell something."""
    required = schema.get("required", ())
    fields = schema.get("properties", {})
    wanted = [name for name in fields if name in required or name in ("query", "messages", "stream")]
    return {name: example_of(fields[name], schemas, name, depth + 1) for name in wanted}
