"""计算运费。"""

from functools import cache

RATE = 1.5


@cache
def fee(weight: float) -> float:
    """不足一公斤按一公斤计。"""
    return max(1, weight) * RATE


NOTE = """
def not_a_function(): pass
"""


# 仓库
class Warehouse:
    city = "北京"
