"""The commands of Helm that the checks of the chart need, over Helm's own library (helm-python-sdk).

Findings and refusals go to standard error with exit code 1, in Helm's words.
"""
import argparse
import contextlib
import os
import sys

import helm_python as helm
import yaml
from helm_python import config as helm_config

CHART = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "charts", "matriarch")
WARNING = 2


def merged(base, changes):
    """As Helm merges values: objects member by member, anything else is replaced."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return changes
    return {**base, **{key: merged(base.get(key), value) for key, value in changes.items()}}


def values(arguments):
    result = {}
    for path in arguments.values or []:
        with open(path, encoding="utf-8") as stream:
            result = merged(result, yaml.safe_load(stream) or {})
    for text in arguments.set or []:
        result = merged(result, helm.parse_set_string(text))
    return result


def render(arguments):
    with helm.Chart.load(arguments.chart) as chart:
        chart.validate_schema(values(arguments))
        return chart.render(
            values(arguments), name=arguments.release, namespace=arguments.namespace, is_install=True)


def template(arguments):
    """The manifests, hooks last; NOTES.txt and empty files are left out, as `helm template` does."""
    files = render(arguments)
    for path in sorted(files, key=lambda path: ("/tests/" in path, path)):
        if path.endswith(".yaml") and files[path].strip() and (arguments.tests or "/tests/" not in path):
            print("---\n" + files[path].strip())


def notes(arguments):
    (text,) = [text for path, text in render(arguments).items() if path.endswith("/NOTES.txt")]
    print(text)


def lint(arguments):
    report = helm.lint(
        arguments.chart, values(arguments), strict=True, namespace=arguments.namespace,
        kube_version=arguments.kube_version)
    for message in report["messages"]:
        print(f"{message['path']}: {message['error']}", file=sys.stderr)
    if report["errors"] or any(message["severity"] >= WARNING for message in report["messages"]):
        sys.exit(1)
    print(f"linted {report['total_charts_linted']} chart")


def package(arguments):
    print(helm.package(arguments.chart, destination=arguments.destination))


def configuration(arguments):
    return helm.Config(namespace=arguments.namespace, kubeconfig_path=os.environ.get("KUBECONFIG"))


@contextlib.contextmanager
def unnamed(arguments, server_side):
    """Options of the library that its binding for Python does not name."""
    options = {}
    if arguments.disable_openapi_validation:
        options["disable_openapi_validation"] = True
    if arguments.no_server_side:
        options["server_side_apply"] = server_side
    named = helm_config._opts
    helm_config._opts = lambda **pairs: named(**pairs, **options)
    try:
        yield
    finally:
        helm_config._opts = named


def install(arguments):
    with configuration(arguments) as config, unnamed(arguments, server_side=False):
        release = config.install(
            arguments.chart, arguments.release, values(arguments), create_namespace=True, timeout=arguments.timeout,
            wait="watcher" if arguments.wait else None)
        print(f"{release['name']} {release['status']} revision {release['revision']}")


def upgrade(arguments):
    with configuration(arguments) as config, unnamed(arguments, server_side="false"):
        release = config.upgrade(arguments.chart, arguments.release, values(arguments), timeout=arguments.timeout)
        print(f"{release['name']} {release['status']} revision {release['revision']}")


def uninstall(arguments):
    with configuration(arguments) as config:
        config.uninstall(arguments.release, timeout=arguments.timeout)
        print(f"{arguments.release} uninstalled")


def test(arguments):
    with configuration(arguments) as config:
        print(config.test(arguments.release, timeout=arguments.timeout, logs=True)["logs"])


def version(_):
    print(helm.helm_sdk_version())


def main():
    parser = argparse.ArgumentParser(prog="scripts/helm", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command in (version, lint, template, notes, package, install, upgrade, uninstall, test):
        sub = commands.add_parser(command.__name__)
        sub.set_defaults(run=command)
        sub.add_argument("--chart", default=CHART)
        sub.add_argument("--release", default="matriarch")
        sub.add_argument("-n", "--namespace", default="matriarch-system")
        sub.add_argument("-f", "--values", action="append")
        sub.add_argument("--set", action="append")
        sub.add_argument("--tests", action="store_true", help="template: the hooks of `helm test` too")
        sub.add_argument("--kube-version", default="v1.36.0")
        sub.add_argument("--destination", default=".")
        sub.add_argument("--timeout", type=int, default=120)
        sub.add_argument("--wait", action="store_true", help="install: until its Pods are ready")
        # For servers before 1.25, which do not know CEL.
        sub.add_argument("--disable-openapi-validation", action="store_true")
        sub.add_argument("--no-server-side", action="store_true", help="as Helm's --server-side=false")
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except helm.HelmError as error:
        sys.exit(f"error: {error}")


main()
