# SPDX-License-Identifier: Apache-2.0

"""What our decoders make of files of many writers is what foreign readers make of them."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "decode"))

from decode_corpora import check_all  # noqa: E402


def test_every_file_is_decoded_as_others_decode_it(corpora):
    program = ROOT / "build" / "tests" / "decode" / "plain_copy"
    if not program.exists():
        pytest.fail(f"{program} is not there: build first")
    outcomes = check_all(program, corpora)
    wrong = [
        f"{path.relative_to(corpora)}: {text}"
        for path, (kind, text) in outcomes.items()
        if kind in ("wrong", "failed")
    ]
    assert not wrong, "\n".join(wrong)
    equal = sum(kind == "equal" for kind, _ in outcomes.values())
    assert equal >= len(outcomes) * 0.9
