"""The schema of the CRD."""
import re

import yaml

from place import ROOT, report


class Schema:
    """The CRD's schema, as far as pages can contradict it."""

    def __init__(self):
        crd = yaml.safe_load((ROOT / "manifests/crd/matriarch.dev_postgresclusters.yaml").read_text())
        self.root = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        self.root["properties"]["metadata"] = {"x-kubernetes-preserve-unknown-fields": True}

    def step(self, schema, key):
        """The schema below `key`; None when there is no such field."""
        if schema.get("x-kubernetes-preserve-unknown-fields"):
            return schema
        if "properties" in schema and key in schema["properties"]:
            return schema["properties"][key]
        more = schema.get("additionalProperties")
        return {} if more is True else more or None

    def path(self, place, text):
        """A JSON path such as .status.members[*].name."""
        schema = self.root
        for part in re.findall(r"\.(\w+)|(\[[^]]*\])", re.sub(r"\[\?\([^)]*\)\]", "[*]", text)):
            if part[1]:
                schema = schema.get("items", {})
                continue
            below = self.step(schema, part[0])
            if below is None:
                return report(place, f"{text}: the resource has no field {part[0]}")
            schema = below
        return None

    def check(self, place, value, schema=None, at=""):
        schema = self.root if schema is None else schema
        if value is None or schema.get("x-kubernetes-preserve-unknown-fields") or not schema:
            return
        kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
        kind = kinds.get(schema.get("type"), object)
        if schema.get("x-kubernetes-int-or-string"):
            kind = (int, str)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            return report(place, f"{at[1:]}: {value!r} is no {schema.get('type')}")
        if "enum" in schema and value not in schema["enum"]:
            report(place, f"{at[1:]}: {value!r} is none of {', '.join(map(str, schema['enum']))}")
        if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            report(place, f"{at[1:]}: {value} is out of range")
        if isinstance(value, dict):
            for key, below in value.items():
                part = self.step(schema, key)
                if part is None:
                    report(place, f"{at[1:] or 'the resource'} has no field {key}")
                else:
                    self.check(place, below, part, f"{at}.{key}")
        if isinstance(value, list):
            for index, below in enumerate(value):
                self.check(place, below, schema.get("items", {}), f"{at}[{index}]")
        return None

    def leaves(self, schema, at=""):
        for key, below in schema.get("properties", {}).items():
            if below.get("properties"):
                yield from self.leaves(below, f"{at}.{key}")
            elif below.get("items", {}).get("properties"):
                yield from self.leaves(below["items"], f"{at}.{key}")
            else:
                yield f"{at}.{key}"[1:]
