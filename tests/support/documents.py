"""Small documents of every kind, written by the tests themselves."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
RELATION_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFICE = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"),
    )
)  # fmt: skip


def write_zip(path: Path, members: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_docx(path: Path, body: str, **parts: str) -> Path:
    """Write a Word file of this body; `parts` are more members of its word folder by name ("styles", "footnotes")."""
    members = {"word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>"}
    members |= {f"word/{name}.xml": content for name, content in parts.items()}
    return write_zip(path, members)


def word_paragraph(text: str, style: str = "", properties: str = "") -> str:
    styled = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f'<w:p><w:pPr>{styled}{properties}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def word_table(rows: Sequence[Sequence[str]]) -> str:
    cells = ("".join(f"<w:tc>{word_paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


@dataclass(frozen=True, slots=True)
class Words:
    """Words at a position on a PDF page, in points from the bottom left."""

    text: str
    x: float = 72
    y: float = 720
    size: float = 11
    bold: bool = False


def pdf_content(words: Sequence[Words]) -> bytes:
    operators = []
    for run in words:
        escaped = run.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        operators.append(f"BT /F{1 + run.bold} {run.size} Tf {run.x} {run.y} Td ({escaped}) Tj ET")
    return "\n".join(operators).encode("latin-1")


def write_pdf(path: Path, pages: Sequence[Sequence[Words]], *, rotate: int = 0, title: str = "") -> Path:
    """Write a PDF with these words on its pages, in Helvetica and its bold."""
    contents = [pdf_content(words) for words in pages]
    return write_raw_pdf(path, contents, rotate=rotate, title=title)


def write_raw_pdf(
    path: Path,
    contents: Sequence[bytes],
    *,
    rotate: int = 0,
    title: str = "",
    resources: str = "",
    extra: Sequence[bytes] = (),
    filters: str = "",
) -> Path:
    """Write a PDF of these content streams. `resources` may name the `extra` objects, which are numbered from 5 on."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        *extra,
    ]
    kids = []
    for content in contents:
        objects.append(f"<< /Length {len(content)} {filters} >>\nstream\n".encode() + content + b"\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Rotate {rotate} /Contents {len(objects)} 0 R "
            f"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> {resources} >> >>".encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    objects.append(f"<< /Title ({title}) >>".encode("latin-1"))
    path.write_bytes(_pdf_file(objects))
    return path


def _pdf_file(objects: Sequence[bytes]) -> bytes:
    data, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n"
    return data + f"{head}{trailer}startxref\n{len(data)}\n%%EOF\n".encode()


def write_endless_pdf(path: Path) -> Path:
    """Write 1 kB of forms, each of which draws the next ten times, twenty deep: 10^20 pieces of text."""
    depth, first = 20, 5
    extra = []
    for level in range(depth):
        last = level + 1 == depth
        content = b"BT /F1 9 Tf (x) Tj ET" if last else b"/X Do " * 10
        resources = b"/Font << /F1 3 0 R >>" if last else f"/XObject << /X {first + level + 1} 0 R >>".encode()
        head = f"<< /Type /XObject /Subtype /Form /BBox [0 0 99 99] /Length {len(content)} /Resources << ".encode()
        extra.append(head + resources + b" >> >>\nstream\n" + content + b"\nendstream")
    return write_raw_pdf(path, [b"/X Do"], resources=f"/XObject << /X {first} 0 R >>", extra=extra)


def write_scanned_pdf(path: Path) -> Path:
    """Write a PDF of one page that is a picture."""
    pixels = zlib.compress(bytes(range(256)))
    head = b"<< /Type /XObject /Subtype /Image /Width 16 /Height 16 /ColorSpace /DeviceGray /BitsPerComponent 8 "
    image = head + f"/Filter /FlateDecode /Length {len(pixels)} >>\nstream\n".encode() + pixels + b"\nendstream"
    return write_raw_pdf(path, [b"612 0 0 792 0 0 cm /I Do"], resources="/XObject << /I 5 0 R >>", extra=[image])


def write_encrypted_pdf(path: Path, password: str) -> Path:
    from pypdf import PdfReader, PdfWriter

    plain = write_pdf(path.with_suffix(".plain.pdf"), [[Words("Nobody may read this.")]])
    writer = PdfWriter(clone_from=PdfReader(plain))
    writer.encrypt(password, algorithm="RC4-128")
    with open(path, "wb") as file:
        writer.write(file)
    plain.unlink()
    return path


def write_pptx(path: Path, slides: Sequence[tuple[str, Sequence[str]]], notes: Mapping[int, str] | None = None) -> Path:
    """Write slides of a title and bullet points, shown in this order but stored in reverse."""
    members: dict[str, str] = {}
    ids, relations = "", ""
    for index, (title, points) in enumerate(slides):
        number = len(slides) - index
        ids += f'<p:sldId id="{256 + index}" r:id="rId{index}"/>'
        relations += f'<Relationship Id="rId{index}" Type="{RELATION_KIND}/slide" Target="slides/slide{number}.xml"/>'
        body = "".join(f"<a:p><a:r><a:t>{point}</a:t></a:r></a:p>" for point in points)
        members[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld {A} {P}><p:sp><p:nvPr><p:ph type="title"/></p:nvPr><a:p><a:r><a:t>{title}</a:t></a:r></a:p></p:sp>'
            f'<p:sp><p:nvPr><p:ph idx="1"/></p:nvPr>{body}</p:sp></p:sld>'
        )
        if notes and index in notes:
            members[f"ppt/slides/_rels/slide{number}.xml.rels"] = (
                f'<Relationships {RELATIONS}><Relationship Id="rId1" Type="{RELATION_KIND}/notesSlide" '
                f'Target="../notesSlides/notesSlide{number}.xml"/></Relationships>'
            )
            members[f"ppt/notesSlides/notesSlide{number}.xml"] = (
                f"<p:notes {A} {P}><p:sp><a:p><a:r><a:t>{notes[index]}</a:t></a:r></a:p></p:sp></p:notes>"
            )
    members["ppt/presentation.xml"] = f"<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    members["ppt/_rels/presentation.xml.rels"] = f"<Relationships {RELATIONS}>{relations}</Relationships>"
    return write_zip(path, members)


def write_odf(
    path: Path, body: str, kind: str = "text", pictures: Mapping[str, bytes] | None = None, **members: str
) -> Path:
    """Write an OpenDocument file of this body; `members` are more XML files by name, without their suffix."""
    content = f"<office:document-content {OFFICE}><office:body><office:{kind}>{body}</office:{kind}></office:body>"
    extra: dict[str, str | bytes] = {f"{name}.xml": text for name, text in members.items()}
    extra |= {f"Pictures/{name}": data for name, data in (pictures or {}).items()}
    return write_zip(path, {"content.xml": content + "</office:document-content>", **extra})


def write_ods(path: Path, sheets: Mapping[str, Sequence[Sequence[str]]]) -> Path:
    """Write a spreadsheet of these sheets, each a list of rows."""
    body = ""
    for name, rows in sheets.items():
        lines = (
            "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row) for row in rows
        )
        written = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
        body += f'<table:table table:name="{name}">{written}</table:table>'
    return write_odf(path, body, "spreadsheet")
