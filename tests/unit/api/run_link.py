# SPDX-License-Identifier: Apache-2.0

"""Links a program with the static libraries as pkg-config says, and runs it.

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


def ask(package, *options):
    command = ["pkg-config", *options, package]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


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


def main():
    build, source = (pathlib.Path(argument) for argument in sys.argv[1:3])
    if shutil.which("pkg-config") is None:
        print("no pkg-config here")
        sys.exit(77)
    os.environ["PKG_CONFIG_PATH"] = str(build / "meson-private")
    for package in PROGRAMS:
        link(build, source, sys.argv[3:], package)


main()
