"""Markdown, as far as pages of this repository use it."""
import re

from place import ROOT


class Page:
    """A page cut into prose, code blocks and headings, each with its line."""

    def __init__(self, path):
        self.path = path
        self.name = str(path.relative_to(ROOT))
        self.blocks = []  # (line, language, text); language None: indented
        self.prose = []  # (line, text), one per paragraph
        self.anchors = set()
        self.rows = []  # (line, header of the table's first cell, first cell)
        self._read(path.read_text().split("\n"))

    def _read(self, lines):
        fence = block = paragraph = None
        header = None
        for number, line in enumerate(lines + [""], 1):
            if fence is not None:
                if line.strip() == "```":
                    self.blocks.append((fence[0], fence[1], "\n".join(fence[2])))
                    fence = None
                else:
                    fence[2].append(line[fence[3] :])
                continue
            opening = re.match(r"^( *)```(\w*)\s*$", line)
            is_code = line.startswith("    ") and (block is not None or number == 1 or not lines[number - 2].strip())
            if block is not None and (is_code or not line.strip()):
                block[1].append(line.strip() and line)
                continue
            if block is not None:
                self.blocks.append((block[0], None, "\n".join(block[1])))
                block = None
            if is_code and not opening:
                block = (number, [line])
            elif opening:
                fence = (number, opening[2], [], len(opening[1]))
            if opening or is_code or not line.strip() or line.startswith(("#", "|", "- ", "  - ")):
                if paragraph:
                    self.prose.append((paragraph[0], "\n".join(paragraph[1])))
                paragraph = None
            if opening or is_code:
                continue
            if line.strip():
                paragraph = paragraph or (number, [])
                paragraph[1].append(line)
            if line.startswith("#"):
                self._head(line.lstrip("#").strip())
            if line.startswith("|"):
                cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
                if header is None:
                    header = cells[0]
                elif not set(cells[0]) <= set("-: ") or not cells[0]:
                    self.rows.append((number, header, cells[0]))
            else:
                header = None
        if block is not None:
            self.blocks.append((block[0], None, "\n".join(block[1])))

    def _head(self, title):
        """The anchor GitHub makes of a heading."""
        title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        anchor, count = slug, 0
        while anchor in self.anchors:
            count += 1
            anchor = f"{slug}-{count}"
        self.anchors.add(anchor)

    def code_spans(self):
        for line, text in self.prose:
            for match in re.finditer(r"(?<!`)`([^`]+)`(?!`)", text):
                yield line + text.count("\n", 0, match.start()), match[1].replace("\n", " ")

    def shell(self):
        """(line, text) of what a reader would type."""
        for line, language, text in self.blocks:
            if language in ("sh", "bash") or language is None:
                yield line + (language is not None), text
            elif language in ("", "console"):
                typed = [(n, x[2:]) for n, x in enumerate(text.split("\n")) if x.startswith("$ ")]
                for number, command in typed:
                    yield line + 1 + number, command
