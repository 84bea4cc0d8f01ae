#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Checks the rules of STYLE.md that a compiler does not.

    src/stitch/bad.c:12: malloc() is banned here: allocate with an arena or an rg_allocator

Functions and files longer than the house rule, and statics declared before they are defined, are
allowed only when tools/style_exceptions.txt names them with a reason, a line each:
`src/folder/file.c:function why` or `src/folder/file.c why`.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXCEPTIONS = ROOT / "tools" / "style_exceptions.txt"

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 1000
LINE_LENGTH_MAX = 100

ALLOCATORS = "malloc|calloc|realloc|reallocarray|free|strdup|strndup|posix_memalign|aligned_alloc"
UNBOUNDED = "sprintf|vsprintf|strcpy|strcat|strtok|gets|alloca|atoi|atol|atoll|atof|rand|srand"
SPEAKING = "printf|vprintf|puts|putchar|perror|exit|abort|fprintf|vfprintf|fputs"
# Banned everywhere in src/, or but for some folders: pattern, folders that may, what to do instead.
BANNED = [
    (ALLOCATORS, {"base", "weir"}, "allocate with an arena or an rg_allocator"),
    (UNBOUNDED, set(), "its bounded twin, or base/, does this"),
    (SPEAKING, {"cli"}, "the library never prints and never ends the process"),
    ("setjmp|longjmp|sigsetjmp|siglongjmp", set(), "errors go up as a status"),
    ("pthread_create|thrd_create", {"weir", "store", "cli"}, "threads are made in weir and store"),
]

C_SUFFIXES = (".c", ".cc", ".h")
SPDX = "SPDX-License-Identifier: Apache-2.0"
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "do", "else", "defined"}
# What tells of one machine instead of the project.
FOREIGN_PATHS = re.compile(r"(?<![\w./])/(work|home|root)/|/tmp/setup")

problems = []


def report(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def blank(match):
    """Spaces of the same shape, so that line numbers hold."""
    return re.sub(r"[^\n]", " ", match.group(0))


def without_comments(text):
    """C text with comments, strings and preprocessor lines blanked."""
    text = re.sub(
        r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
        lambda m: blank(m) if m.group(0)[0] == "/" else '"' + " " * (len(m.group(0)) - 2) + '"',
        text,
        flags=re.S,
    )
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)


def functions_of(code):
    """(name, first line, number of lines) of each function in blanked C text."""
    lines = code.splitlines()
    for number, line in enumerate(lines):
        if line != "{":
            continue
        head = number - 1
        while head > 0 and lines[head - 1].strip() and not re.match(r"[};]", lines[head - 1]):
            head -= 1
        match = re.search(r"(\w+)\s*\(", " ".join(lines[head:number]))
        if not match:
            continue
        end = next((i for i in range(number, len(lines)) if lines[i] == "}"), number)
        yield match.group(1), head + 1, end - head + 1


def declarations_of(code):
    """(line, text) of each statement outside of all braces."""
    depth = 0
    start = 0
    for position, char in enumerate(code):
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                start = position + 1
        elif char == ";" and depth == 0:
            text = code[start:position]
            line = code.count("\n", 0, position - len(text.lstrip()) + 1) + 1
            yield line, " ".join(text.split())
            start = position + 1


def check_c_source(path, text, code, exceptions, used):
    relative = path.relative_to(ROOT)
    for line, declaration in declarations_of(code):
        if re.match(r"extern\b", declaration):
            report(path, line, "extern belongs into a header")
        is_prototype = (
            "(" in declaration
            and "=" not in declaration
            and not re.match(r"typedef|_Static_assert|static_assert|[A-Z_]+\(", declaration)
            and re.search(r"\w\s*\(", declaration)
        )
        if is_prototype and declaration.startswith("static"):
            # Only functions that call one another in turn need this.
            name = re.search(r"(\w+)\s*\(", declaration).group(1)
            key = f"{relative}:{name}"
            used.add(key)
            if relative.parts[0] == "src" and key not in exceptions:
                report(path, line, f"{name}() is declared before it is defined")
        elif is_prototype:
            report(path, line, "a prototype in a .c: put it in the header, or define it earlier")
    if relative.parts[0] != "src" or relative.name == "main.c":
        return
    stem = "/".join(relative.with_suffix("").parts[1:])
    own = {f"{stem}.h", f"{stem}_impl.h", f"weir/{relative.parts[1]}.h"}
    own |= {f"regroup/{relative.stem}.h"} if relative.parts[1] == "api" else set()
    first = re.search(r'^#include [<"]([^>"]+)[>"]', text, flags=re.M)
    if first is None or first.group(1) not in own:
        report(path, 1, f'the first include is not "{stem}.h"')


def check_banned(path, code):
    folder = path.relative_to(ROOT / "src").parts[0]
    for number, line in enumerate(code.splitlines(), 1):
        for names, free_folders, instead in BANNED:
            if folder in free_folders:
                continue
            match = re.search(rf"(?<![\w.>])({names})\s*\(", line)
            if match:
                report(path, number, f"{match.group(1)}() is banned here: {instead}")


def read_exceptions():
    exceptions = {}
    if EXCEPTIONS.exists():
        for number, line in enumerate(EXCEPTIONS.read_text().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            key, _, reason = line.partition(" ")
            if not reason.strip():
                report(EXCEPTIONS, number, f"{key} gives no reason")
            exceptions[key] = number
    return exceptions


def check_lengths(path, text, code, exceptions, used):
    relative = str(path.relative_to(ROOT))
    line_count = text.count("\n")
    if line_count > FILE_LINES_MAX:
        used.add(relative)
        if relative not in exceptions:
            report(path, 1, f"{line_count} lines; aim for at most {FILE_LINES_MAX}")
    for name, line, length in functions_of(code):
        if length <= FUNCTION_LINES_MAX or name in KEYWORDS:
            continue
        key = f"{relative}:{name}"
        used.add(key)
        if key not in exceptions:
            report(path, line, f"{name}() has {length} lines; aim for at most {FUNCTION_LINES_MAX}")


def check_text(path, text):
    if text and not text.endswith("\n"):
        report(path, text.count("\n") + 1, "no newline at the end")
    may_tab = path.name == "Makefile"
    is_prose = path.suffix in (".md", ".html", ".txt", ".tsv", ".csv", ".json")
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip() and path.suffix != ".tsv":
            report(path, number, "space at the end of the line")
        if "\t" in line and not may_tab and not is_prose:
            report(path, number, "a tab")
        if len(line) > LINE_LENGTH_MAX and not is_prose:
            report(path, number, f"{len(line)} columns; at most {LINE_LENGTH_MAX}")
        if path.suffix in C_SUFFIXES and re.search(r"={5}|\*{5}|-{8}", line):
            report(path, number, "a banner")
        if path.suffix in C_SUFFIXES and re.search(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))", line):
            report(path, number, "TODO without an issue: TODO(#12)")
        if FOREIGN_PATHS.search(line) and path != Path(__file__).resolve():
            report(path, number, "the path of one machine")
    if not is_prose and path.suffix not in (".clang-format", ".clang-tidy", ".editorconfig"):
        if path.suffix or path.name in ("Makefile", "run"):
            if SPDX not in "\n".join(text.splitlines()[:3]):
                report(path, 1, f"no {SPDX}")


def check_format(paths):
    if shutil.which("clang-format") is None:
        problems.append("clang-format is not installed (tools/setup/test.sh)")
        return
    result = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", *map(str, paths)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    found = re.findall(r"^(\S+?):(\d+):\d+: error: code should", result.stderr, flags=re.M)
    for name in dict.fromkeys(name for name, _ in found):
        line = next(line for other, line in found if other == name)
        report((ROOT / name).resolve(), int(line), "clang-format would change this: make format")
    if result.returncode != 0 and not found:
        problems.append(result.stderr.strip())


def tracked_files():
    """What is in the repository, or would be with `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [ROOT / name for name in sorted(set(names)) if (ROOT / name).is_file()]


def main():
    exceptions = read_exceptions()
    used = set()
    c_files = []
    count = 0
    for path in tracked_files():
        is_data = {"corpus", "golden", "data"} & set(path.relative_to(ROOT).parts)
        if path.name == "LICENSE" or is_data:
            continue
        data = path.read_bytes()
        if b"\0" in data[:4096]:
            continue
        text = data.decode("utf-8")
        count += 1
        check_text(path, text)
        if path.suffix not in C_SUFFIXES:
            continue
        c_files.append(path)
        code = without_comments(text)
        is_ours = path.relative_to(ROOT).parts[0] == "src"
        if path.suffix != ".h":
            check_c_source(path, text, code, exceptions, used)
        if is_ours:
            check_banned(path, code)
            check_lengths(path, text, code, exceptions, used)
    for key in exceptions.keys() - used:
        report(EXCEPTIONS, exceptions[key], f"{key} is within the limits: take it off this list")
    check_format(c_files)
    print("\n".join(problems) if problems else f"{count} files keep to the house style")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
