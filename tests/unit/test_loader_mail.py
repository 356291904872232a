"""Mails, what is attached to them, and saved pages."""

import base64
import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from langchain_core.documents import Document

from document_loaders.base import LoadOptions
from document_loaders.errors import DocumentUnreadable
from document_loaders.table import load, loader_for

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
HEAD = "Subject: X200 报价\nFrom: 张三 <zhang@example.com>\nTo: 李四 <li@example.com>\nDate: "


def _load(tmp_path: Path, content: bytes | str, name: str = "a.eml", **options: int) -> list[Document]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    documents = list(load(path, loader_for(path), LoadOptions(scratch=scratch, **options)))
    assert list(scratch.iterdir()) == []
    return documents


def _mail(*attached: tuple[str, bytes]) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "外层"
    mail.set_content("正文")
    for name, content in attached:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail


def test_a_mail_with_its_attachments() -> None:
    message, row, inner, unread = load(SAMPLES / "offer.eml", "EmailLoader")
    assert message.page_content == (
        HEAD + "Wed, 01 May 2024 10:00:00 +0800\n\n您好：\n\n报价见附件，保修期二十四个月。"
    )
    assert message.metadata == {"part": "message", "title": "X200 报价"}
    assert row.page_content == "名称: 滤网\n单价: 35"
    assert row.metadata == {"row": 1, "part": "attachment 报价.csv", "title": "X200 报价"}
    assert inner.page_content == "Subject: 转发：库存\n\n库存\n滤网剩余一百件。"
    assert inner.metadata["part"] == "attachment 转发：库存.eml, message"
    assert inner.metadata["headings"] == ["库存"]
    assert unread.page_content == (
        "附件 ../../setup.exe 未读取：不支持 .exe 类型的文件\n"
        "Attachment ../../setup.exe was not read: files of type .exe are not read"
    )


def test_a_mail_of_outlook_in_the_code_page_of_chinese_windows() -> None:
    message, row, inner = load(SAMPLES / "offer.msg", "OutlookLoader")
    assert message.page_content == HEAD + "2024-05-01 16:00 UTC\n\n您好：报价见附件，朱镕基路一号。"
    assert row.metadata == {"row": 1, "part": "attachment 报价.csv", "title": "X200 报价"}
    assert inner.metadata["part"] == "attachment 转发：库存.msg, message"
    assert inner.page_content == "Subject: 转发：库存\n\n滤网剩余一百件。"


def test_attachments_that_cannot_be_read_are_named_with_the_reason(tmp_path: Path) -> None:
    mail = _mail(("坏.pdf", b"%PDF-1.4 broken"), ("空.txt", b""), ("甲.txt", "内容".encode()))
    documents = _load(tmp_path, mail.as_bytes())
    assert [each.metadata["part"] for each in documents] == [
        "message", "attachment 坏.pdf", "attachment 空.txt", "attachment 甲.txt"
    ]  # fmt: skip
    assert "damaged" in documents[1].page_content
    assert "empty" in documents[2].page_content
    assert documents[3].page_content == "内容"


def test_an_archive_in_a_mail_is_opened(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("价格.txt", "滤网三十五元")
        archive.writestr("../../escape.txt", "x")
    documents = _load(tmp_path, _mail(("包.zip", out.getvalue())).as_bytes())
    assert documents[1].page_content == "滤网三十五元"
    assert documents[1].metadata["part"] == "attachment 包.zip, attachment 价格.txt"
    assert "leads out of the archive" in documents[2].page_content


def test_mails_in_mails_are_read_to_the_limit(tmp_path: Path) -> None:
    mail = _mail()
    for level in range(6):
        outer = EmailMessage()
        outer["Subject"] = f"第{level}层"
        outer.set_content(f"正文{level}")
        outer.add_attachment(mail)
        mail = outer
    documents = _load(tmp_path, mail.as_bytes(), max_depth=2)
    assert [each.page_content.split("\n")[-1] for each in documents[:-1]] == ["正文5", "正文4", "正文3"]
    assert "nested too deeply" in documents[-1].page_content


def test_only_html_and_html_beside_plain_text(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "甲"
    mail.set_content("<h1>一</h1><p>二</p><script>bad()</script><h2>三</h2><p>四</p>", subtype="html")
    documents = _load(tmp_path, mail.as_bytes())
    assert [(each.page_content, each.metadata["headings"]) for each in documents] == [
        ("Subject: 甲\n\n一\n二", ["一"]),
        ("三\n四", ["一", "三"]),
    ]
    blank = EmailMessage()
    blank["Subject"] = "乙"
    blank.set_content(" \n")
    blank.add_alternative("<p>只有网页</p>", subtype="html")
    assert _load(tmp_path, blank.as_bytes())[0].page_content.endswith("只有网页")


def test_heads_in_any_encoding(tmp_path: Path) -> None:
    bare = "Subject: 报价单\nFrom: 张三 <z@example.com>\nContent-Type: text/plain; charset=gb2312\n\n您好，朱镕基先生\n"
    assert _load(tmp_path, bare.encode("gbk"))[0].page_content == (
        "Subject: 报价单\nFrom: 张三 <z@example.com>\n\n您好，朱镕基先生"
    )
    halves = [base64.b64encode(half).decode() for half in ("保修".encode("gbk")[:3], "保修".encode("gbk")[3:])]
    folded = f"Subject: =?gb2312?B?{halves[0]}?=\r\n =?gb2312?B?{halves[1]}?=\r\n\r\nx"
    assert _load(tmp_path, folded)[0].metadata["title"] == "保修"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("Subject: x\nContent-Type: multipart/mixed\n\n没有边界的正文\n", "没有边界的正文"),
        ("Subject: x\nContent-Type: text/plain; charset=nonsense\n\n编码名错误\n", "编码名错误"),
        ("Subject: =?utf-8?B?bad\nFrom: <<<@@\n\n正文\n", "正文"),
        ('Subject: x\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\n没有结束的正文', "没有结束的正文"),
        ("Subject: x\nContent-Transfer-Encoding: no-such-thing\n\n无此编码方式\n", "无此编码方式"),
    ],
)
def test_malformed_mails_are_read_as_far_as_they_go(tmp_path: Path, content: str, words: str) -> None:
    assert words in "".join(each.page_content for each in _load(tmp_path, content))


def test_a_name_in_bare_gbk_still_tells_the_type(tmp_path: Path) -> None:
    content = (
        'Subject: x\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: application/octet-stream\n'
        'Content-Disposition: attachment; filename="报价.csv"\n\na,b\n1,2\n--b--\n'
    ).encode("gbk")
    assert _load(tmp_path, content)[-1].metadata["part"] == "attachment 报价.csv"


def test_what_is_no_mail_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="no head of a mail"):
        _load(tmp_path, "只是一段文字\n\n没有邮件头\n")


def test_a_saved_page_in_its_encoding_without_its_scripts() -> None:
    (document,) = load(SAMPLES / "page.mht", "MhtmlLoader")
    assert document.page_content == "报销制度\n返回后十五日内提交。"
    assert document.metadata == {"headings": ["报销制度"], "title": "报销制度"}
