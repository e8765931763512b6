"""Where things are, and what was found wrong."""
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

problems = []


def report(place, text):
    """Notes that `place`, PAGE:LINE, says something that is not so."""
    problems.append((place, text))
