"""Reads README.md, CONTRIBUTING.md and docs, and prints PAGE:LINE and what is wrong there.

usage: python3 docs-read BINARIES     the folder of matriarch, matriarch-lab and matriarch-sim
"""
import re
import sys
from pathlib import Path

from page import Page
from pages import Pages
from place import problems

WRONG = Path(__file__).parent / "wrong.md"


def must_find(pages):
    """A check that finds nothing in a page full of mistakes would find nothing anywhere."""
    pages.read(Page(WRONG))
    found = [text for _, text in problems]
    problems.clear()
    expected = re.findall(r"<!-- (.*) -->", WRONG.read_text())
    blind = [text for text in expected if text not in found]
    false = [text for text in found if text not in expected]
    for text in blind:
        print(f"not found in {WRONG.name}: {text}")
    for text in false:
        print(f"found in {WRONG.name} and not expected: {text}")
    return not blind and not false


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: docs-read BINARIES")
    pages = Pages(Path(sys.argv[1]))
    sees = must_find(pages)
    pages.run()
    for place, text in sorted(problems):
        print(f"{place}: {text}")
    print(f"{len(pages.pages)} pages, {len(problems)} problems")
    sys.exit(0 if sees and not problems else 1)


main()
