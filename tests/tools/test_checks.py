# SPDX-License-Identifier: Apache-2.0

"""The checks of tools/ notice what they are for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import check
import check_layers
import check_style


@pytest.mark.parametrize(
    "folder, header, is_allowed",
    [
        ("stitch", "stitch/remap.h", True),
        ("stitch", "parquet/rle.h", True),
        ("stitch", "store/store.h", False),
        ("stitch", "parquet/chunk_meta_impl.h", False),
        ("parquet", "parquet/chunk_meta_impl.h", True),
        ("weir", "base/arena.h", False),
        ("weir", "weir/weir.h", True),
        ("compact", "weir/weir.h", True),
        ("compact", "weir/budget.h", False),
        ("report", "stitch/moves.h", True),
        ("report", "stitch/chunk.h", False),
        ("cli", "regroup/job.h", True),
        ("cli", "plan/options.h", False),
        ("base", "string_of_no_folder.h", False),
    ],
)
def test_layers(folder, header, is_allowed):
    assert (check_layers.problem_of(folder, '"', header) is None) is is_allowed


OPENING = '/* SPDX-License-Identifier: Apache-2.0 */\n\n#include "stitch/bad.h"\n\n'


@pytest.fixture
def problems_of(tmp_path, monkeypatch):
    """What check_style says of a source text, as src/stitch/bad.c."""

    def run(text, exceptions=()):
        monkeypatch.setattr(check_style, "ROOT", tmp_path)
        monkeypatch.setattr(check_style, "problems", [])
        path = tmp_path / "src" / "stitch" / "bad.c"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        code = check_style.without_comments(text)
        exceptions = dict.fromkeys(exceptions, 1)
        check_style.check_text(path, text)
        check_style.check_c_source(path, text, code, exceptions, set())
        check_style.check_banned(path, code)
        check_style.check_lengths(path, text, code, exceptions, set())
        return "\n".join(check_style.problems)

    return run


def test_a_good_file_has_no_problems(problems_of):
    body = "static const int answer = 42;\n\nint rg_bad(void)\n{\n    return answer;\n}\n"
    assert problems_of(OPENING + body) == ""


@pytest.mark.parametrize(
    "body, said",
    [
        ("void rg_bad(void)\n{\n    free(NULL);\n}\n", "free() is banned"),
        ("void rg_bad(void)\n{\n    (void)strcpy(a, b);\n}\n", "strcpy() is banned"),
        ('void rg_bad(void)\n{\n    printf("x");\n}\n', "printf() is banned"),
        ("extern int other;\n", "extern belongs"),
        ("int rg_other(int a,\n             int b);\n", "a prototype in a .c"),
        ("static int later(void);\n", "declared before it is defined"),
        ("int rg_bad(void)\n{\n" + "    step();\n" * 60 + "}\n", "has 63 lines"),
        ("/* ===== */\n", "a banner"),
        ("/* TODO: one day. */\n", "TODO without an issue"),
        ("int a; \n", "space at the end"),
        ("\tint a;\n", "a tab"),
        ("/* " + "a" * 100 + " */\n", "columns"),
    ],
)
def test_style(body, said, problems_of):
    assert said in problems_of(OPENING + body)


def test_names_in_comments_and_texts_are_no_calls(problems_of):
    body = 'static const char *text = "free(it)"; /* malloc(1) */\n'
    assert problems_of(OPENING + body) == ""


def test_a_reason_allows_a_long_function(problems_of):
    body = "int rg_bad(void)\n{\n" + "    step();\n" * 60 + "}\n"
    assert problems_of(OPENING + body, ["src/stitch/bad.c:rg_bad"]) == ""


def test_another_header_first(problems_of):
    assert "first include" in problems_of(OPENING.replace("stitch/bad.h", "base/arena.h"))


def test_no_licence(problems_of):
    assert "SPDX" in problems_of('#include "stitch/bad.h"\n')


def test_counts_of_a_test_program():
    passed = {"name": "a", "result": "OK", "stdout": "[  PASSED  ] 7 test(s).\n"}
    assert check.cmocka_counts(passed).passed == 7
    failed = {
        "name": "a",
        "result": "FAIL",
        "stdout": "[  PASSED  ] 6 test(s).\n[  FAILED  ] tests: 1 test(s), listed below:\n",
    }
    counts = check.cmocka_counts(failed)
    assert (counts.passed, counts.failed) == (6, 1)
    hung = {"name": "a", "result": "TIMEOUT", "stdout": ""}
    assert check.cmocka_counts(hung).failed == 1


def test_a_check_that_breaks_is_a_failure(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(check, "LOGS", tmp_path)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    assert check.run_stage("broken", lambda log: 1 // 0).failed == 1
    assert "FAILED" in capsys.readouterr().out


def test_failures_of_pytest_are_told_by_name(tmp_path):
    tests = tmp_path / "test_some.py"
    tests.write_text(
        "import pytest\n"
        "def test_right(): pass\n"
        "def test_wrong(): assert 1 + 1 == 3, 'not three'\n"
        "@pytest.mark.skip\ndef test_left_out(): pass\n"
        "@pytest.fixture\ndef broken(): raise OSError('no room')\n"
        "def test_without_its_place(broken): pass\n"
    )
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0"]
    subprocess.run([*command, f"--junitxml={report}", tests], cwd=tmp_path, check=False,
                   capture_output=True)
    counts = check.junit_counts(report)
    assert (counts.passed, counts.failed, counts.skipped) == (1, 2, 1)
    said = "\n".join(counts.problems)
    assert "test_wrong" in said and "not three" in said and "no room" in said
    assert "test_right" not in said
