"""Pieces made of whole sentences, for splitters that find the sentences themselves."""

from collections.abc import Iterable, Iterator

from text_splitter.cutter import Piece
from text_splitter.lengths import Lengths


def sentences(text: str, ends: Iterable[int]) -> Iterator[Piece]:
    """The sentences that end at `ends`, without the blanks around them; blank ones are left out."""
    start = 0
    for end in [*ends, len(text)]:
        sentence = text[start:end]
        if content := sentence.strip():
            begin = start + len(sentence) - len(sentence.lstrip())
            yield Piece(begin, begin + len(content))
        start = end


def packed(text: str, ends: Iterable[int], size: int, overlap: int, lengths: Lengths) -> Iterator[Piece]:
    """Fill pieces of `size` units with the sentences that end at `ends`, repeating the last ones up to `overlap`.

    A sentence that is longer than `size` becomes a piece of its own.
    """
    piece: list[Piece] = []
    for sentence in sentences(text, ends):
        if piece and lengths.count(text[piece[0].start : sentence.end]) > size:
            yield Piece(piece[0].start, piece[-1].end)
            piece = _repeated(text, piece, overlap, lengths)
            while piece and lengths.count(text[piece[0].start : sentence.end]) > size:
                piece = piece[1:]
        piece.append(sentence)
    if piece:
        yield Piece(piece[0].start, piece[-1].end)


def _repeated(text: str, piece: list[Piece], overlap: int, lengths: Lengths) -> list[Piece]:
    """The last sentences that are not longer than the overlap together; never all of them."""
    count = next(
        (n for n in range(1, len(piece)) if lengths.count(text[piece[n].start : piece[-1].end]) <= overlap), len(piece)
    )
    return piece[count:]
