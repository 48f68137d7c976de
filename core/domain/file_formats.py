"""The file formats: which file names belong to each, and what people call it. The only table of formats."""

from __future__ import annotations

LABELS = {
    "text": "text",
    "markup": "text",
    "markdown": "Markdown",
    "code": "source code",
    "html": "HTML",
    "pdf": "PDF",
    "docx": "Word",
    "doc": "Word",
    "pptx": "PowerPoint",
    "ppt": "PowerPoint",
    "xlsx": "Excel",
    "xls": "Excel",
    "odt": "OpenDocument text",
    "ods": "OpenDocument spreadsheet",
    "odp": "OpenDocument presentation",
    "rtf": "RTF",
    "epub": "EPUB",
    "mhtml": "web archive",
    "eml": "e-mail",
    "msg": "Outlook e-mail",
    "mbox": "mailbox",
    "csv": "CSV",
    "json": "JSON",
    "jsonl": "JSON lines",
    "xml": "XML",
    "notebook": "notebook",
    "subtitles": "subtitle",
    "image": "picture",
    "archive": "archive",
}

READ_AS = {"xlsx": 2, "xls": 2, "ods": 2, "docx": 2, "pptx": 2, "odt": 2, "odp": 2, "eml": 2, "msg": 2, "mbox": 2}
"""The version of each format's reader, 1 where it is not listed. Raising one has the documents of that format read
again; passages that stay the same keep their vectors."""

_BY_FORMAT = {
    "text": "txt text log rst me readme nfo changelog authors license bib ics vcf",
    "markup": "tex latex ltx sty cls adoc asciidoc org wiki textile",
    "markdown": "md markdown mdown mkd mkdn mdx qmd rmd",
    "html": "html htm xhtml xht shtml",
    "pdf": "pdf",
    "docx": "docx docm dotx dotm",
    "doc": "doc dot",
    "pptx": "pptx pptm ppsx ppsm potx potm",
    "ppt": "ppt pps pot",
    "xlsx": "xlsx xlsm xlsb xltx xltm",
    "xls": "xls xlt",
    "odt": "odt ott",
    "ods": "ods ots",
    "odp": "odp otp",
    "rtf": "rtf",
    "epub": "epub",
    "mhtml": "mhtml mht",
    "eml": "eml",
    "msg": "msg",
    "mbox": "mbox mbx",
    "csv": "csv tsv tab psv",
    "json": "json geojson webmanifest",
    "jsonl": "jsonl ndjson",
    "xml": (
        "xml rss atom opml plist xsd xsl xslt kml gpx dita docbook dbk tei fb2 wsdl xliff xlf tmx svg rdf owl "
        "fodt fods fodp"
    ),
    "notebook": "ipynb",
    "subtitles": "srt vtt",
    "image": "png jpg jpeg jpe jfif tif tiff webp bmp gif",
    "archive": "zip 7z rar tar tgz gz bz2 xz zst lz4 cab iso dmg jar war",
    "code": (
        "py pyi pyw js mjs cjs jsx ts tsx mts cts java kt kts scala groovy c h cc cpp cxx hpp hh hxx inl m mm "
        "cs fs fsx vb go "
        "rs swift rb php pl pm lua r jl dart ex exs erl hrl hs lhs ml mli clj cljs cljc lisp lsp el scm rkt "
        "nim zig v sv vhd "
        "vhdl d pas pp f f90 f95 f03 for cob cbl adb ads asm s sh bash zsh fish ps1 psm1 bat cmd awk sed tcl "
        "sql psql plsql "
        "graphql gql proto thrift css scss sass less styl vue svelte astro tf hcl nix cmake mk gradle "
        "dockerfile toml ini cfg "
        "conf properties yaml yml env vim diff patch sol move cairo wgsl glsl hlsl metal cu cuh"
    ),
}

SUFFIXES = {f".{suffix}": format for format, suffixes in _BY_FORMAT.items() for suffix in suffixes.split()}

NAMES = {
    "readme": "text", "license": "text", "licence": "text", "copying": "text", "authors": "text", "changelog": "text",
    "changes": "text", "news": "text", "todo": "text", "notice": "text", "contributing": "text", "install": "text",
    "makefile": "code", "dockerfile": "code", "rakefile": "code", "gemfile": "code", "jenkinsfile": "code",
    "vagrantfile": "code", "procfile": "code", "cmakelists.txt": "code",
}  # fmt: skip
