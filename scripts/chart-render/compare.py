"""Compares the objects of two YAML streams, whatever their order, and says where they differ.

usage: compare.py KUSTOMIZE.yaml CHART.yaml

What Helm's conventions add to every object does not count: four labels, the policy that keeps the CRD, and the Namespace,
which `helm install --create-namespace` makes.
"""
import sys

import yaml

HELM_LABELS = {
    "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart",
}


def objects(path):
    found = {}
    with open(path, encoding="utf-8") as stream:
        for document in yaml.safe_load_all(stream):
            if not document or document["kind"] == "Namespace":
                continue
            metadata = document["metadata"]
            labels = metadata.get("labels", {})
            metadata["labels"] = {key: value for key, value in labels.items() if key not in HELM_LABELS}
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
        yield f"{path}: manifests have {left!r}, the chart has {right!r}"


def main():
    manifests, chart = objects(sys.argv[1]), objects(sys.argv[2])
    found = [f"{key} is only in the manifests" for key in sorted(set(manifests) - set(chart))]
    found += [f"{key} is only in the chart" for key in sorted(set(chart) - set(manifests))]
    for key in sorted(set(manifests) & set(chart)):
        found += differences(manifests[key], chart[key], "/".join(key))
    if found:
        sys.exit("\n".join(found))
    print(f"{len(chart)} objects are the same in manifests/default and in the chart")


main()
