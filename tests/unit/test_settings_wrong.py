"""What is said of settings that cannot be used, in both languages."""

from pathlib import Path

import pytest

from configs.settings import SettingsError, load_settings


def refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> SettingsError:
    local = tmp_path / "local.toml"
    local.write_text(text, "utf-8")
    monkeypatch.setenv("ZHIWEN_CONFIG", str(local))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("chunk_sise = 3", "chunk_sise: there is no such setting", "chunk_sise：没有这个设置项"),
        ('chunk_size = "big"', "chunk_size: Input should be a valid integer", "chunk_size：应为整数"),
        (
            "chunk_overlap = -1",
            "chunk_overlap: Input should be greater than or equal to 0",
            "chunk_overlap：应不小于 0",
        ),
        ("chunk_size = 1.5", "chunk_size: Input should be a valid integer", "chunk_size：应为整数"),
        (
            "zh_title_enhance = 7",
            "zh_title_enhance: Input should be a valid boolean",
            "zh_title_enhance：应为 true 或 false",
        ),
        ("splitter = 7", "splitter: Input should be a valid string", "splitter：应为带引号的文字"),
    ],
)
def test_each_complaint_is_told_in_both_languages(
    text: str, en: str, zh: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error = refusal(monkeypatch, tmp_path, f"[knowledge_base]\n{text}\n")
    for language, wanted in (("en", en), ("zh", zh)):
        said = error.message(language)
        assert f"knowledge_base.{wanted}" in said
        assert str(tmp_path / "local.toml") in said


def test_a_complaint_about_no_single_key_stands_without_a_colon(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error = refusal(monkeypatch, tmp_path, '[services.controller]\nhost = "0.0.0.0"\n')
    assert error.message("en").splitlines()[1].startswith("  services.controller.host = 0.0.0.0 lets other machines in")


def test_a_file_that_is_no_toml_is_named_with_the_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    error = refusal(monkeypatch, tmp_path, "[services.api\nport = 1\n")
    assert str(error).startswith("The settings file ")
    assert error.message("zh").startswith("无法读取设置文件 ")
    assert "line 1" in error.message("zh")


def test_a_variable_of_no_section_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__SERVICE__X", "1")
    with pytest.raises(SettingsError, match="ZHIWEN__SERVICE__X names no section") as caught:
        load_settings()
    assert "ZHIWEN__SERVICE__X 不对应任何设置分组" in caught.value.message("zh")
