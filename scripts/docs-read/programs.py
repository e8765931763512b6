"""The command line of the binaries, as they describe it themselves."""
import json
import re
import subprocess

from place import report

NAMES = ("matriarch", "matriarch-lab", "matriarch-sim")


class Programs:
    def __init__(self, folder):
        self.trees = {}
        for name in NAMES:
            shown = subprocess.run([folder / name, "--experimental-dump-help"], capture_output=True, text=True, check=True)
            self.trees[name] = json.loads(shown.stdout)["command"]
        # PID 1 reads its arguments before the parser is loaded.
        self.trees["matriarch"]["subcommands"].append({"commandName": "init", "shouldDisplay": False})

    @staticmethod
    def options(command):
        found = {}
        for argument in command.get("arguments", []):
            for name in argument.get("names", []):
                dashes = "--" if name["kind"] == "long" else "-"
                found[dashes + name["name"]] = argument
        return found

    def check(self, place, program, words):
        command, spoken, index = self.trees[program], program, 0
        words = [re.sub(r"[\[\]…]", "", word) for word in words]
        words = [word for word in words if word]
        while index < len(words) and words[index] != "--":
            word = words[index]
            index += 1
            if word.startswith("-"):
                name, _, value = word.partition("=")
                option = self.options(command).get(name)
                if option is None:
                    report(place, f"`{spoken}` has no option {name}")
                elif option["kind"] == "option" and not value:
                    index += 1
                continue
            below = {child["commandName"]: child for child in command.get("subcommands", [])}
            if not below:
                continue
            if word in below:
                command, spoken = below[word], f"{spoken} {word}"
            elif word.islower():
                return report(place, f"`{spoken}` has no command {word}")
            else:
                return None
        return None
