"""Which file names belong to which format, and what a person calls it."""

from __future__ import annotations

LABELS = {
    "text": "text",
    "markdown": "Markdown",
    "code": "source code",
    "html": "HTML",
    "pdf": "PDF",
    "docx": "Word",
}

_BY_FORMAT = {
    "text": (
        "txt text log rst asciidoc adoc org textile wiki me readme nfo changelog authors license tex latex "
        "bib ltx sty cls"
    ),
    "markdown": "md markdown mdown mkd mkdn mdx qmd rmd",
    "html": "html htm xhtml xht shtml",
    "pdf": "pdf",
    "docx": "docx docm dotx dotm",
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
