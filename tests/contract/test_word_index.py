"""What every word index must do. A new one inherits `WordIndexContract` and names its class."""

import threading
from pathlib import Path

import pytest

from server.analysis import terms
from server.stores.base import WordIndex
from server.stores.tantivy_index import TantivyIndex

TEXTS = {
    1: "知问支持的文件格式有 md、txt、pdf。",
    2: "差旅报销须在十五个工作日内提交。",
    3: "The warranty of PPR-9087 is 24 months.",
}


class WordIndexContract:
    kind: type[WordIndex]

    def filled(self, folder: Path) -> WordIndex:
        index = self.kind.open(folder)
        index.change([], [(i, terms(text)) for i, text in TEXTS.items()])
        return index

    @pytest.mark.parametrize(
        ("question", "best"),
        [("文件格式", 1), ("報銷", 2), ("PPR-9087", 3), ("ppr-9087 保修", 3), ("ＷＡＲＲＡＮＴＹ", 3)],
    )
    def test_the_chunk_with_the_words_comes_first(self, tmp_path: Path, question: str, best: int) -> None:
        assert self.filled(tmp_path).search(terms(question), 3)[0][0] == best

    def test_no_common_word_finds_nothing(self, tmp_path: Path) -> None:
        index = self.filled(tmp_path)
        assert index.search(terms("zebra"), 3) == []
        assert index.search([], 3) == []

    def test_scores_fall_and_say_how_much_of_the_question_is_there(self, tmp_path: Path) -> None:
        hits = self.filled(tmp_path).search(terms("差旅报销 warranty"), 3)
        scores = dict(hits)
        assert [score for _, score in hits] == sorted(scores.values(), reverse=True)
        assert 0 < scores[3] < scores[2] < 1.5

    def test_a_removed_chunk_is_not_found(self, tmp_path: Path) -> None:
        index = self.filled(tmp_path)
        index.change([2, 99], [])
        assert index.search(terms("报销"), 3) == []
        assert index.ids() == {1, 3}

    def test_every_change_is_there_after_opening_again(self, tmp_path: Path) -> None:
        self.filled(tmp_path).change([1], [(7, terms("全新的文件格式"))])
        again = self.kind.open(tmp_path)
        assert again.ids() == {2, 3, 7}
        assert again.search(terms("文件格式"), 3)[0][0] == 7

    def test_searches_beside_a_change_see_a_whole_state(self, tmp_path: Path) -> None:
        index, wrong = self.filled(tmp_path), []

        def ask() -> None:
            for _ in range(50):
                found = {i for i, _ in index.search(terms("报销"), 5)}
                if not found <= {2, 8} or not found:
                    wrong.append(found)

        asking = threading.Thread(target=ask)
        asking.start()
        for _ in range(5):
            index.change([8], [(8, terms("报销"))])
        asking.join()
        assert wrong == []


class TestTantivyIndex(WordIndexContract):
    kind = TantivyIndex

    def test_a_damaged_index_is_refused(self, tmp_path: Path) -> None:
        self.filled(tmp_path)
        (tmp_path / "words" / "meta.json").write_text("nonsense")
        with pytest.raises(ValueError, match="damaged"):
            TantivyIndex.open(tmp_path)
