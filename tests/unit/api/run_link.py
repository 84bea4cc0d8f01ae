# SPDX-License-Identifier: Apache-2.0

"""Links a program with the static libraries as pkg-config says, and runs it; compiles the headers.

run_link.py BUILD SOURCE COMPILER... ; exit 77 where there is no pkg-config.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAMS = {
    "libregroup": """
        #include <regroup/regroup.h>
        int main(void)
        {
            struct rg_file *file;
            return rg_version()[0] != '0' || rg_file_open("/", NULL, &file, NULL) == RG_OK;
        }""",
    "libweir": """
        #include <weir/weir.h>
        int main(void) { return weir_cpu_count() == 0; }""",
}
ARCHIVES = {"libregroup": "src/api/libregroup.a", "libweir": "src/weir/libweir.a"}

# Their headers are all that is used: a program needs neither of them.
NOT_LINKED = {"libcurl", "libxxhash"}

# What careful programs ask for.
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]


def check_headers(source):
    """Each header stands alone, without a warning, in C and in C++."""
    for compiler in (["cc", "-xc", "-std=c17"], ["c++", "-xc++", "-std=c++17"]):
        if shutil.which(compiler[0]) is None:
            print(f"no {compiler[0]} here")
            continue
        for header in sorted(source.glob("include/*/*.h")):
            subprocess.run(
                [*compiler, *WARNINGS, "-fsyntax-only", "-I", source / "include", "-"],
                input=f"#include <{header.relative_to(source / 'include')}>\n",
                text=True, check=True,
            )


def ask(package, *options):
    command = ["pkg-config", *options, package]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def has_archives(compiler, flags):
    """Whether each library that is linked lies there as an archive, too."""
    names = {f"lib{flag[2:]}.a" for flag in flags if flag.startswith("-l")} | {"libc.a"}
    folders = [flag[2:] for flag in flags if flag.startswith("-L")]
    for name in sorted(names):
        ask_compiler = [*compiler, f"-print-file-name={name}"]
        found = subprocess.run(ask_compiler, check=True, capture_output=True, text=True).stdout
        # What is not found is printed as it was asked for.
        is_there = "/" in found or any(pathlib.Path(folder, name).exists() for folder in folders)
        if not is_there:
            print(f"no {name} here: nothing is linked with -static")
            return False
    return True


def link(build, source, compiler, package):
    assert not NOT_LINKED & set(ask(package, "--print-requires-private")), package
    # The library lies elsewhere than where it will be installed.
    name = "-l" + pathlib.Path(ARCHIVES[package]).stem.removeprefix("lib")
    flags = [flag for flag in ask(package, "--static", "--libs") if flag != name]
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "program")
        text = program.with_suffix(".c")
        text.write_text(PROGRAMS[package])
        archive = build / ARCHIVES[package]
        command = [*compiler, text, "-I", source / "include", archive, *flags, "-o", program]
        subprocess.run(command, check=True)
        subprocess.run([program], check=True)
        if has_archives(compiler, flags):
            # Static all through, where the order of libraries counts.
            subprocess.run([*command, "-static"], check=True)
            subprocess.run([program], check=True)


def main():
    build, source = (pathlib.Path(argument) for argument in sys.argv[1:3])
    if shutil.which("pkg-config") is None:
        print("no pkg-config here")
        sys.exit(77)
    os.environ["PKG_CONFIG_PATH"] = str(build / "meson-private")
    check_headers(source)
    for package in PROGRAMS:
        link(build, source, sys.argv[3:], package)


main()
