#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes C++ that holds text files, with the hashes by which a Content-Security-Policy knows them.

Usage: embed_assets.py OUTPUT HEADER NAMESPACE NAME=FILE...
"""

import base64
import hashlib
import pathlib
import sys

PIECE = 8000  # characters of one literal: compilers limit them


def literals(text):
    pieces = [text[at:at + PIECE] for at in range(0, len(text), PIECE)] or [""]
    return "\n".join(f'R"asset({piece})asset"' for piece in pieces)


def asset(name, file):
    data = pathlib.Path(file).read_bytes()
    for end in (b"</script", b"</style", b")asset"):
        if end in data.lower():
            sys.exit(f"embed_assets: {file} holds {end.decode()}, which would end it early: reword")
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return (f"constexpr char {name}Text[] =\n{literals(data.decode())};\n"
            f"const std::string_view {name}({name}Text, sizeof {name}Text - 1);\n"
            f'const std::string_view {name}Hash = "sha256-{digest}";\n')


def main():
    output, header, namespace, *assets = sys.argv[1:]
    parts = [asset(*entry.split("=", 1)) for entry in assets]
    pathlib.Path(output).write_text(
        "// Made by scripts/embed_assets.py.\n"
        f'#include "{header}"\n\nnamespace {namespace} {{\n\n' + "\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
