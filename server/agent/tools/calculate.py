"""Arithmetic, without Python's `eval`: numbers, operators and named functions, nothing else.

Whole numbers could grow without end in a short expression (9**9**9), so each operation first looks at how many bits
its result would have. With that and the limit on the length, no expression takes long.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, Field

from server.agent.tool import Text, Tool
from server.errors import BadToolArguments

NAME = "calculate"
LONGEST = 500
"""Characters of an expression."""
DEEPEST = 60
"""Brackets and signs inside each other."""
MOST_BITS = 4096
"""Bits of a whole number on the way."""
_SIGNS = str.maketrans("×÷−–（），。％＋－＊／＝", "*/--(),.%+-*/=")


class Arguments(BaseModel):
    """What to calculate."""

    expression: str = Field(
        description="An arithmetic expression such as (3 + 4) * 2 ** 10 / 7, sqrt(2) or round(100 * 1.05 ** 3, 2). "
        "% is the remainder; write percent as / 100."
    )


def _bounded(bits: float) -> None:
    if bits > MOST_BITS:
        raise OverflowError("the number gets too large")


def _bits(value: Any) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int):
        _bounded(math.log2(abs(base) or 1) * abs(exponent))
    return _real(base**exponent)


def _multiply(left: Any, right: Any) -> Any:
    _bounded(_bits(left) + _bits(right))
    return left * right


def _factorial(number: int) -> int:
    _bounded(number * max(_bits(number), 1))
    return math.factorial(number)


def _comb(total: int, chosen: int) -> int:
    _bounded(min(chosen, abs(total - chosen)) * max(_bits(total), 1))
    return math.comb(total, chosen)


def _gcd(*numbers: int) -> int:
    return math.gcd(*numbers)


def _round(number: float, digits: int = 0) -> float:
    if abs(digits) > MOST_BITS:
        raise OverflowError("too many digits")
    return round(number, digits) if digits else round(number)


def _real(value: Any) -> Any:
    if isinstance(value, complex):
        raise ArithmeticError("the result is not a real number")
    return value


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in ("sqrt", "exp", "log", "log2", "log10", "floor", "ceil", "trunc")},
    **{name: getattr(math, name) for name in ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "hypot")},
    **{name: getattr(math, name) for name in ("degrees", "radians")},
    "abs": abs,
    "min": min,
    "max": max,
    "round": _round,
    "pow": _power,
    "factorial": _factorial,
    "comb": _comb,
    "gcd": _gcd,
}
OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _multiply,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Load, ast.Constant, ast.operator, ast.unaryop)
CONSTANTS = {"pi": math.pi, "e": math.e}


def calculate(expression: str) -> str:
    """The value of an expression, as text.

    Raises:
        BadToolArguments: no arithmetic, too long, too large, or without a value.
    """
    text = expression.translate(_SIGNS).strip().removesuffix("=").strip()
    if not text or len(text) > LONGEST or "^" in text:
        reason = "use ** for powers" if "^" in text else f"give an expression of 1 to {LONGEST} characters"
        raise BadToolArguments(name=NAME, reason=reason)
    value = _evaluated(text)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _evaluated(text: str) -> float:
    import simpleeval

    evaluator = simpleeval.SimpleEval(operators=dict(OPERATORS), functions=dict(FUNCTIONS), names=dict(CONSTANTS))
    try:
        value = evaluator.eval(text, previously_parsed=_parsed(text))
    except (simpleeval.InvalidExpression, ArithmeticError, ValueError, TypeError, SyntaxError) as error:
        raise BadToolArguments(name=NAME, reason=_reason(error)) from None
    except (RecursionError, MemoryError):
        raise BadToolArguments(name=NAME, reason="the expression is nested too deeply") from None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, float) or not math.isfinite(value):
        raise BadToolArguments(name=NAME, reason="the value is no finite number")
    return value


def _parsed(text: str) -> ast.expr:
    """The expression; whatever is no arithmetic is refused before anything of it is computed."""
    _check_depth(text)
    tree = ast.parse(text, mode="eval").body
    for node in ast.walk(tree):
        if isinstance(node, ast.operator | ast.unaryop) and type(node) not in OPERATORS:
            raise ValueError(f"the operator {type(node).__name__} is not supported")
        if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
            raise ValueError("only numbers can be calculated with")
        if not isinstance(node, _ARITHMETIC):
            raise ValueError("only numbers, + - * / // % ** and functions are supported")
    return tree


def _check_depth(text: str) -> None:
    """Python's own parser may run out of stack before it can refuse."""
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise ValueError("the expression is nested too deeply")


def _reason(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return "this is no arithmetic expression"
    return str(getattr(error, "message", "") or error or type(error).__name__).rstrip(".")


async def _call(expression: str) -> str:
    return f"{expression.strip()} = {calculate(expression)}"


TOOL = Tool(
    name=NAME,
    title=Text("Calculator", "计算器"),
    description=Text(
        "Calculates an arithmetic expression exactly. Use it for every calculation with more than small numbers.",
        "精确计算算术表达式。凡是较复杂的数字计算都应使用它。",
    ),
    arguments=Arguments,
    call=_call,
)
