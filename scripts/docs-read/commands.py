"""Checks single commands: make, helm, kubectl, scripts and our binaries."""
import json
import os
import re

import programs
import yaml

from place import ROOT, report

# What these scripts hand their arguments to.
DELEGATES = {"bench": ("matriarch-lab", "bench"), "demo": ("matriarch-lab", "demo"), "chaos": ("matriarch-lab", "chaos")}
KIND = re.compile(r"^(postgresclusters?|pgc)(/.*)?$")


class Commands:
    def __init__(self, binaries, schema):
        self.programs = programs.Programs(binaries)
        self.schema = schema
        self.targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
        conditions = (ROOT / "Sources/PostgresClusterAPI/Status/Condition.swift").read_text()
        self.conditions = set(re.findall(r'= "(\w+)"', conditions))
        self.values = yaml.safe_load((ROOT / "charts/matriarch/values.yaml").read_text())

    def check(self, place, words):
        name, rest = words[0].removeprefix("./"), words[1:]
        if name in programs.NAMES:
            self.programs.check(place, name, rest)
        elif name == "make":
            self.make(place, rest)
        elif name == "helm":
            self.helm(place, rest)
        elif name == "kubectl":
            self.kubectl(place, rest)
        else:
            self.script(place, name, rest)

    def make(self, place, words):
        for word in words:
            if word.startswith("-"):
                report(place, f"make takes {word} for itself and hands it to no script")
            elif "=" not in word and word.islower() and word not in self.targets:
                report(place, f"make has no target {word}")

    def script(self, place, name, words):
        path = ROOT / name
        if path.is_dir() and not words:
            return None
        if not path.is_file() or words and not os.access(path, os.X_OK) and path.suffix != ".sh":
            return report(place, f"{name} is no script of this repository")
        delegate = DELEGATES.get(path.name)
        if delegate:
            program, command = delegate
            if words and words[0] in ("chaos", "faults"):
                command, words = words[0], words[1:]
            elif path.name == "bench" and words and words[0] == "--patroni":
                command, words = "compare", [word for word in words[1:] if word != "--fresh"]
            return self.programs.check(place, program, [command, *words])
        text = path.read_text()
        for word in words:
            if re.fullmatch(r"-*[a-z][\w-]*", word) and not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text):
                report(place, f"{name} does not know {word}")
        return None

    def helm(self, place, words):
        for word in words:
            if word.startswith("charts/") and not (ROOT / word / "Chart.yaml").is_file():
                report(place, f"{word} is no chart")
        for option, value in zip(words, words[1:]):
            if option not in ("--set", "--set-string"):
                continue
            at = self.values
            for part in value.partition("=")[0].split("."):
                if not at and isinstance(at, (dict, list)):
                    break
                if not isinstance(at, dict) or re.sub(r"\[.*", "", part) not in at:
                    report(place, f"the chart has no value {value.partition('=')[0]}")
                    break
                at = at[re.sub(r"\[.*", "", part)]

    def kubectl(self, place, words):
        plain = [word for word in words if not word.startswith("-")]
        if plain[:1] == ["matriarch"]:
            return self.programs.check(place, "matriarch", words[words.index("matriarch") + 1 :])
        if plain[:1] == ["exec"] and "--" in words:
            words = words[: words.index("--")]
        for option, value in zip(words, words[1:]):
            is_file = plain[:1] != ["logs"] and option in ("-f", "-k", "--filename", "--kustomize")
            if is_file and "/" in value and "$" not in value and "://" not in value:
                path = ROOT / value
                if option in ("-k", "--kustomize"):
                    path = path / "kustomization.yaml"
                if not path.exists():
                    report(place, f"kubectl {option} {value}: there is no such path")
        for word in plain:
            if word.startswith(("postgrescluster.", "postgresclusters.", "pgc.")):
                self.schema.path(place, "." + word.partition(".")[2])
        if not any(KIND.match(word) for word in plain):
            return None
        for index, word in enumerate(words):
            following = words[index + 1] if index + 1 < len(words) else ""
            if "jsonpath=" in word or word == "-o" and following.startswith("jsonpath="):
                scope = ".status.conditions[*]" if "{range .status.conditions[*]}" in word + following else ""
                for path in re.findall(r"\{(\.[^}]*)\}", re.sub(r"\{range [^}]*\}", "", word + following)):
                    if not path.startswith((".metadata", ".items")):
                        self.schema.path(place, scope + path)
            if word.startswith("--for=condition=") and word.rpartition("=")[2] not in self.conditions:
                report(place, f"there is no condition {word.rpartition('=')[2]}")
            if word in ("-p", "--patch") and "$" not in following:
                self.patch(place, following)
        return None

    def patch(self, place, text):
        try:
            self.schema.check(place, json.loads(text))
        except json.JSONDecodeError as error:
            if "…" not in text:
                report(place, f"the patch is no JSON: {error}")
