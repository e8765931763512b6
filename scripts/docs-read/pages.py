"""Checks pages: what stands in them, and how they lead to each other."""
import re
import subprocess

import yaml

from commands import Commands
from page import Page
from place import PAGES, ROOT, report
from schema import Schema
from shell import commands

# Messages of PostgreSQL, which runbooks quote beside ours.
FOREIGN_SENTENCES = ("FATAL:", "ERROR:", "PANIC:", "requested WAL segment", "No space left on device")


class Pages:
    def __init__(self, binaries):
        self.schema = Schema()
        self.commands = Commands(binaries, self.schema)
        self.pages = {page.path: page for page in map(Page, PAGES)}
        sources = "\n".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
        scripts = [path.read_text() for path in (ROOT / "scripts").iterdir() if path.is_file()]
        self.settings = set(re.findall(r"MATRIARCH_[A-Z_]+", "\n".join([sources, *scripts])))
        sources = re.sub(r'"\s*\n\s*\+ "', "", sources)  # one sentence on two lines
        self.sources = re.sub(r"\\\([^()]*(?:\([^()]*\)[^()]*)*\)", "…", sources).replace('\\"', '"')

    def run(self):
        for page in self.pages.values():
            self.read(page)
        self.reachable()
        self.command_line_page()
        self.words_of_the_product()
        self.full_sample()

    def read(self, page):
        for line, text in page.shell():
            for offset, words in commands(text):
                self.commands.check(f"{page.name}:{line + offset}", words)
        for line, span in page.code_spans():
            for _, words in commands(span):
                self.commands.check(f"{page.name}:{line}", words)
        self.blocks(page)
        self.links(page)
        self.words(page)

    def blocks(self, page):
        for line, language, text in page.blocks:
            place = f"{page.name}:{line}"
            if language in ("sh", "bash"):
                parsed = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
                if parsed.returncode:
                    report(place, f"no shell: {parsed.stderr.strip().splitlines()[0]}")
            if language != "yaml":
                continue
            try:
                documents = [document for document in yaml.safe_load_all(text) if document is not None]
            except yaml.YAMLError as error:
                report(place, f"no YAML: {error}".replace("\n", " "))
                continue
            for document in documents:
                is_cluster = isinstance(document, dict) and document.get("kind") == "PostgresCluster"
                if is_cluster or isinstance(document, dict) and set(document) == {"spec"}:
                    self.schema.check(place, document)
                if is_cluster and "# …" not in text:
                    for field in self.schema.root["properties"]["spec"].get("required", []):
                        if field not in document.get("spec", {}):
                            report(place, f"spec.{field} is required")

    def links(self, page):
        for line, text in page.prose:
            for match in re.finditer(r"(?<!`)\[[^]]*\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", lambda m: "x" * len(m[0]), text)):
                target, _, anchor = match[1].partition("#")
                place = f"{page.name}:{line + text.count(chr(10), 0, match.start())}"
                if "://" in target:
                    continue
                path = (page.path.parent / target).resolve() if target else page.path
                if not path.exists():
                    report(place, f"link to {match[1]}: there is no such file")
                elif anchor and path.suffix == ".md" and anchor not in (page if path == page.path else self.pages[path]).anchors:
                    report(place, f"link to {match[1]}: there is no such heading")

    def words(self, page):
        for line, span in page.code_spans():
            for name in re.findall(r"(?<![\w./])((?:patroni|matriarch)_[a-z][a-z_]+[a-z])(?![\w=…])", span):
                if f'"{name}"' not in self.sources:
                    report(f"{page.name}:{line}", f"there is no metric {name}")
            for labels in re.findall(r"\bby \(([^)]*)\)", span):
                self.grouping(f"{page.name}:{line}", labels)
        for line, language, text in page.blocks:
            for labels in re.findall(r"\bby \(([^)]*)\)", text if language == "yaml" else ""):
                self.grouping(f"{page.name}:{line}", labels)
        for line, header, cell in page.rows:
            if header not in ("Sentence", "You find"):
                continue
            for span in re.findall(r"`([^`]+)`", cell):
                if " " not in span or span.startswith(FOREIGN_SENTENCES) or span.startswith("kubectl "):
                    continue
                for part in re.split(r"…|\.\.\.", span):
                    if len(part.strip()) > 7 and part.strip() not in self.sources:
                        report(f"{page.name}:{line}", f"no program says \"{part.strip()}\"")

    def grouping(self, place, labels):
        if "scope" in labels and "namespace" not in labels:
            report(place, f"by ({labels}) takes clusters of one name in two namespaces for one")

    def reachable(self):
        seen, waiting = set(), [ROOT / "README.md"]
        while waiting:
            path = waiting.pop()
            if path in seen or path not in self.pages:
                continue
            seen.add(path)
            page = self.pages[path]
            for _, text in page.prose:
                waiting += [(path.parent / to).resolve() for to in re.findall(r"\]\(([^)#\s]+)", text)]
        for path in self.pages.keys() - seen:
            report(f"{self.pages[path].name}:1", "no page leads here from README.md")

    def command_line_page(self):
        text = (ROOT / "docs/reference/cli.md").read_text()
        described = set(re.findall(r"-{1,2}[A-Za-z][\w-]*", text))
        for command in self.commands.programs.trees["matriarch"]["subcommands"]:
            if not command.get("shouldDisplay", True) or command["commandName"] == "help":
                continue
            for name in self.commands.programs.options(command):
                if name not in ("-h", "--help", "--version") and name not in described:
                    report("docs/reference/cli.md:1", f"option {name} of {command['commandName']} is missing")

    def words_of_the_product(self):
        """What programs and dashboards meet is told in the reference, and nothing that is told there has gone."""
        events = (ROOT / "docs/reference/events-and-conditions.md").read_text()
        reasons = set()
        for path in (ROOT / "Sources/OperatorPlan/Plan").rglob("*.swift"):
            for body in re.findall(r"enum (?:Condition|Event)Reason\b.*?\n\}", path.read_text(), re.S):
                reasons |= set(re.findall(r'case \w+ = "(\w+)"', body))
        for reason in sorted(reasons - set(re.findall(r"`(\w+)`", events))):
            report("docs/reference/events-and-conditions.md:1", f"reason {reason} is missing")
        known = reasons | self.commands.conditions
        for reason in sorted(set(re.findall(r"(?:True|False|Unknown) `([A-Z]\w+)`", events)) - known):
            report("docs/reference/events-and-conditions.md:1", f"there is no reason {reason}")
        metrics = (ROOT / "docs/reference/metrics.md").read_text()
        families = "patroni|matriarch|workqueue|controller_runtime|reflector|rest_client|leader_election"
        for folder in ("Agent", "Operator", "ControllerRuntime"):
            for path in (ROOT / "Sources" / folder).rglob("*.swift"):
                for name in re.findall(rf'"((?:{families})_[a-z_]+)"', path.read_text()):
                    if f"`{name}`" not in metrics:
                        report("docs/reference/metrics.md:1", f"metric {name} is missing")
        for page in self.pages.values():
            for name in set(re.findall(r"MATRIARCH_[A-Z_]*[A-Z]", page.path.read_text())):
                if name not in self.settings:
                    report(f"{page.name}:1", f"nothing reads {name}")

    def full_sample(self):
        name = "manifests/samples/full.yaml"
        text = (ROOT / name).read_text()
        self.schema.check(name, yaml.safe_load(text))
        # What cannot stand beside the rest is there as a comment.
        whole = yaml.safe_load(re.sub(r"^( *)# ( *(?:- )?[a-z]\w*:)", r"\1\2", text, flags=re.M))
        for path in self.schema.leaves(self.schema.root["properties"]["spec"]):
            if not self.has(whole["spec"], path.split(".")):
                report(name, f"has no {path}")

    def has(self, value, path):
        if not path:
            return True
        if isinstance(value, list):
            return any(self.has(item, path) for item in value)
        return isinstance(value, dict) and path[0] in value and self.has(value[path[0]], path[1:])
