"""Texts of like length together: what a batch costs is its longest text times their number."""

from collections.abc import Iterator, Sequence


def length_batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Positions in batches, longest texts first, of at most `budget` tokens with padding, one text at least.

    The longest come first so that memory runs out at once or not at all.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    start = 0
    while start < len(order):
        number = max(1, budget // max(1, lengths[order[start]]))
        yield order[start : start + number]
        start += number
