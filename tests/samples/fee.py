"""计算运费。"""

RATE = 1.5


@cache
def fee(weight: float) -> float:
    """不足一公斤按一公斤计。

def not_a_function(): pass
"""
    return max(1, weight) * RATE


# 仓库
class Warehouse:
    city = "北京"
