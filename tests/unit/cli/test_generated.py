#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""The manual page and the completions hold every command and option, and their readers take them.

    test_generated.py COMMAND MAN BASH ZSH FISH

What --help shows is what is looked for. Shells and mandoc are used where they are installed.
"""

import re
import shutil
import subprocess
import sys

regroup, man, bash, zsh, fish = sys.argv[1:]


def text_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def expect(condition, said):
    if not condition:
        sys.exit(f"FAILED: {said}")


COMMANDS = re.findall(r"^  ([a-z]+) +\S", text_of(regroup, "--help"), re.M)
OPTIONS = {}
for command in COMMANDS:
    shown = text_of(regroup, command, "--help")
    OPTIONS[command] = re.findall(r"^  (?:-\w, )?(--[a-z0-9-]+)", shown, re.M)
ALL = sorted({option for options in OPTIONS.values() for option in options})
expect(len(COMMANDS) >= 6 and len(ALL) >= 30, f"--help shows too little: {COMMANDS}, {ALL}")


def check_manual():
    page = open(man).read()
    for command in COMMANDS:
        expect(f"\n.B {command}\n" in page, f"the manual lacks {command}")
    for option in ALL:
        name = option.replace("-", "\\-")
        expect(f"\\fB{name}\\fR" in page, f"the manual lacks {option}")
    expect(".SH EXIT STATUS" in page and "\n.B 75\n" in page, "the manual lacks exit statuses")
    if shutil.which("mandoc"):
        # Pages are not dated: their bytes must not depend on the day.
        lint = subprocess.run(
            ["mandoc", "-T", "lint", "-W", "warning", man], stdout=subprocess.PIPE, text=True
        ).stdout
        lines = [line for line in lint.splitlines() if "missing date" not in line]
        expect(lines == [], "mandoc: " + "\n".join(lines))
        shown = text_of("mandoc", "-T", "utf8", man)
        shown = re.sub(".\b", "", shown)
        for option in ALL:
            expect(option in shown, f"mandoc does not show {option}")


def completed(*words):
    """What bash completes the last of these words to."""
    script = f"""
        complete() {{ :; }}
        source {bash}
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _regroup
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return text_of("bash", "-c", script, "bash", *words).split()


def check_bash():
    if not shutil.which("bash"):
        return
    text_of("bash", "-n", bash)
    expect(sorted(completed("regroup", "")) == sorted(COMMANDS), "bash: commands")
    for command in COMMANDS:
        got = [word for word in completed("regroup", command, "--") if word.startswith("--")]
        expect(sorted(got) == sorted(OPTIONS[command]), f"bash: options of {command}: {got}")
    expect(completed("regroup", "compact", "a", "--row-group-r") == ["--row-group-rows"], "bash")
    for words in (["--schema", ""], ["--schema", "=", ""], ["--schema", "="]):
        got = completed("regroup", "compact", *words)
        expect(got == ["strict", "union"], f"bash: {words} -> {got}")
    expect(completed("regroup", "compact", "--memory", "1") == [], "bash: a size is not completed")
    got = completed("regroup", "compact", man)
    expect(got == [man], f"bash: files are completed: {got}")


def check_zsh():
    script = open(zsh).read()
    for option in ALL:
        expect(option in script, f"zsh: {option} is missing")
    for command in COMMANDS:
        part = script.split(f"        {command})\n")[1].split(";;")[0]
        for option in OPTIONS[command]:
            expect(re.search(rf"{option}\b", part), f"zsh: {option} of {command} is missing")
    if shutil.which("zsh"):
        text_of("zsh", "-n", zsh)


def check_fish():
    script = open(fish).read()
    for command in COMMANDS:
        expect(f"-a {command} " in script, f"fish: {command} is missing")
        for option in OPTIONS[command]:
            line = rf"^complete .*from[^']* {command}\b[^']*' -l {option[2:]} .*$"
            expect(re.search(line, script, re.M), f"fish: {option} of {command} is missing")
    if shutil.which("fish"):
        text_of("fish", "-n", fish)
        got = text_of("fish", "-c", f"source {fish}; complete -C 'regroup compact --row-group-r'")
        expect(got.split("\t")[0] == "--row-group-rows", f"fish: {got}")


check_manual()
check_bash()
check_zsh()
check_fish()
