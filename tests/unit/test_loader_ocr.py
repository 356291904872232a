"""OCR: exactness, rotation, places, threads, what is left out."""

import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from document_loaders import ocr

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
NOTICE = [
    "关于调整办公时间的通知",
    "各部门：自二〇二四年七月一日起，",
    "上班时间调整为上午八点半，",
    "午休时间为一小时三十分钟。",
    "咨询电话：400-820-5588，联系人：李敏",
    "Contact: office@example.com",
]


@pytest.fixture(scope="module")
def notice() -> Image.Image:
    with Image.open(SAMPLES / "notice.png") as picture:
        return picture.convert("RGB")


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a model was to be downloaded")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("quarters", range(4))
def test_a_page_lying_on_any_side_is_read_to_the_last_character(notice: Image.Image, quarters: int) -> None:
    lines = ocr.read(notice.rotate(90 * quarters, expand=True))
    assert [line.text for line in lines] == NOTICE
    assert min(line.confidence for line in lines) > 0.9
    # The first line stands at the upper edge of the text, wherever that edge went to.
    upright = (40 / 720, 40 / 440, 370 / 720, 70 / 440)
    left, top, right, bottom = upright
    for _ in range(quarters):
        left, top, right, bottom = top, 1 - right, bottom, 1 - left
    assert lines[0].box == pytest.approx((left, top, right, bottom), abs=0.03)


def test_nothing_is_logged_or_printed(
    notice: Image.Image, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ocr.read(notice.crop((0, 380, 720, 440)))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_pictures_without_writing_say_nothing() -> None:
    assert ocr.read(Image.new("RGB", (1, 1))) == []
    assert ocr.read(Image.new("RGB", (800, 600), "gray")) == []
    assert ocr.read(Image.effect_noise((200, 200), 60).convert("RGB")) == []


def test_long_pictures_are_read_in_pieces_without_losing_a_line(notice: Image.Image) -> None:
    strip = notice.crop((0, 0, 480, 150))
    long = Image.new("RGB", (480, 1500), "white")
    for index in range(10):
        long.paste(strip, (0, 150 * index))
    lines = ocr.read(long)
    assert sum(line.text == NOTICE[0] for line in lines) == 10
    tops = [line.box[1] for line in lines if line.text == NOTICE[0]]
    assert tops == pytest.approx([(40 + 150 * index) / 1500 for index in range(10)], abs=0.01)


def test_threads_share_one_engine(notice: Image.Image) -> None:
    ocr.configure(1)
    crop = notice.crop((0, 0, 480, 80))
    with ThreadPoolExecutor(4) as pool:
        assert [[line.text for line in lines] for lines in pool.map(ocr.read, [crop] * 4)] == [NOTICE[:1]] * 4
    ocr.configure(0)
