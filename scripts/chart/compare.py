"""Compares the objects of two YAML streams, whatever their order, and says where they differ.

usage: compare.py [--helm] LEFT.yaml RIGHT.yaml

With --helm, what Helm's conventions add to every object does not count: four labels, the policy that keeps the CRD, and
the Namespace, which `helm install --create-namespace` makes.
"""
import sys

import yaml

HELM_LABELS = {
    "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart",
}


def objects(path, by_helm):
    found = {}
    with open(path, encoding="utf-8") as stream:
        for document in yaml.safe_load_all(stream):
            if not document or (by_helm and document["kind"] == "Namespace"):
                continue
            metadata = document["metadata"]
            if by_helm:
                metadata["labels"] = {
                    key: value for key, value in metadata.get("labels", {}).items() if key not in HELM_LABELS}
                metadata.get("annotations", {}).pop("helm.sh/resource-policy", None)
                if not metadata.get("annotations"):
                    metadata.pop("annotations", None)
            key = (document["kind"], metadata.get("namespace", ""), metadata["name"])
            if key in found:
                sys.exit(f"{path}: {key} is there twice")
            found[key] = document
    return found


def differences(left, right, path):
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(set(left) | set(right)):
            yield from differences(left.get(key), right.get(key), f"{path}.{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right)):
            yield from differences(one, other, f"{path}[{index}]")
    elif left != right:
        yield f"{path}: the first has {left!r}, the second has {right!r}"


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--helm"]
    first, second = (objects(path, "--helm" in sys.argv) for path in arguments)
    found = [f"{key} is only in {arguments[0]}" for key in sorted(set(first) - set(second))]
    found += [f"{key} is only in {arguments[1]}" for key in sorted(set(second) - set(first))]
    for key in sorted(set(first) & set(second)):
        found += differences(first[key], second[key], "/".join(key))
    if not first:
        found.append(f"{arguments[0]} holds no object")
    if found:
        sys.exit("\n".join(found))
    print(f"{len(first)} objects are the same in {arguments[0]} and {arguments[1]}")


main()
