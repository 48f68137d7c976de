"""Web pages: the whole article with its structure, without scripts and menus."""

from __future__ import annotations

from pathlib import Path

from core.parsing.document import ParsedDocument
from core.parsing.registry import parse_file


def read(folder: Path, markup: str) -> ParsedDocument:
    path = folder / "page.html"
    path.write_text(markup, "utf-8")
    return parse_file(path)


def test_a_page_has_its_title_headings_lists_and_code(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "<title>The mill</title><h1>The mill</h1><p>It <b>grinds</b>\n  slowly.<br>Very.</p><ul><li>wind<ul><li>west"
        "</li></ul></li><li>water</li></ul><ol start=3><li>third</li></ol><pre>a\n  b</pre>"
        "<blockquote>Said.</blockquote>",
    )
    assert document.text == (
        "The mill\n\nIt grinds slowly.\nVery.\n\n• wind\n  • west\n• water\n3. third\n\na\n  b\n\nSaid."
    )
    assert document.title == "The mill"


def test_tables_are_rows_and_layout_tables_are_text(tmp_path: Path) -> None:
    table = "<table><caption>Sales</caption><tr><th>Day<th>Sum</tr><tr><td>1<td>12</tr></table>"
    assert read(tmp_path, table).text == "Sales\n\nDay\tSum\n1\t12"
    layout = "<table><tr><td><h2>Left</h2>text</td><td><p>right</p></td></tr></table>"
    assert read(tmp_path, layout).text == "Left\n\ntext\n\nright"


def test_scripts_styles_and_menus_are_left_out(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "<style>p{}</style><script>var a = '<p>no</p>';</script><nav><a>Home</a></nav><div role=navigation>Menu</div>"
        "<p>The article is here and long enough to be more than the menu around it.</p><noscript>no</noscript>",
    )
    assert document.text == "The article is here and long enough to be more than the menu around it."


def test_a_page_that_is_only_a_menu_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "<nav><ul><li>Mills</li><li>Rivers</li></ul></nav>").text == "• Mills\n• Rivers"


def test_declared_main_content_is_read_alone_if_it_holds_most_of_the_text(tmp_path: Path) -> None:
    most = "A long article. " * 20
    assert read(tmp_path, f"<div>Advert</div><main><p>{most}</p></main>").text == most.strip()
    assert "Advert" in read(tmp_path, f"<div>Advert {most * 3}</div><main><p>{most}</p></main>").text


def test_elements_nested_too_deep_are_read_without_their_tags(tmp_path: Path) -> None:
    document = read(tmp_path, "<div>" * 200_000 + "the word is loquat &amp; more" + "</div>" * 200_000)
    assert document.text == "the word is loquat & more"


def test_xml_gives_the_text_of_its_elements(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text("<rss><channel><title>Mills</title><item><title>One</title><description>&lt;p&gt;A &lt;b&gt;wind"
                    "&lt;/b&gt;.&lt;/p&gt;</description></item></channel></rss>")  # fmt: skip
    assert parse_file(path).text == "Mills\n\nOne\n\nA wind."
