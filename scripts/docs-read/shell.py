"""Finds the commands a page shows."""
import re


def tokens(text):
    """The words of one simple command from the start of `text`, quotes taken off; ends at an unquoted | ; & ) or line end."""
    words, word, quote, depth, at = [], None, None, 0, 0
    while at < len(text):
        char = text[at]
        if quote:
            if char == quote:
                quote = None
            else:
                word += char
        elif depth == 0 and char in "'\"":
            quote, word = char, word or ""
        elif char == "\\" and text[at + 1 : at + 2] == "\n":
            at += 1
        elif text.startswith("$(", at):
            depth, word = depth + 1, (word or "") + "$("
            at += 1
        elif depth and char == ")":
            depth, word = depth - 1, word + char
        elif depth:
            word += char
        elif char in "|;&)\n" or (char == "#" and word is None) or char in "<>" and word is None:
            break
        elif char in " \t":
            if word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + char
        at += 1
    return words + ([word] if word is not None else [])


COMMAND = re.compile(
    r"(?:^|(?<=[|;&(]))[ \t]*(?:do |then |! |sudo |env |export )*(?:[A-Z_]+=\S* )*"
    r"((?:kubectl|make|helm|matriarch(?:-lab|-sim)?|(?:\./)?scripts/[\w.-]+)(?:[ \t].*)?$)",
    re.M,
)


def commands(text):
    """Every command of `text` that this program knows, as (line within the text, words)."""
    text = re.sub(r"(^|[ \t])#[ \t].*$", "", text, flags=re.M)
    flat = text.replace("$(", "$(\n").replace("; ", ";\n").replace("| ", "|\n").replace("&& ", "&&\n")
    for match in COMMAND.finditer(flat):
        start = match.start(1)
        original = flat[start:].replace("$(\n", "$(").replace(";\n", "; ").replace("|\n", "| ").replace("&&\n", "&& ")
        inserted = sum(flat[:start].count(mark) for mark in ("$(\n", ";\n", "|\n", "&&\n"))
        yield max(flat.count("\n", 0, start) - inserted, 0), tokens(original)
