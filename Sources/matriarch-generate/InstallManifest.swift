import FoundationEssentials
import KubernetesModels
import YAML

/// Everything the operator needs in one file: the objects of `manifests/default`, rendered for people without kustomize.
///
/// It reads the kustomizations themselves, so the two cannot name different files, and refuses a key it does not render.
/// `scripts/chart-check` compares the result with what kubectl renders.
struct InstallManifest {
    let root: String

    func text() throws -> String {
        let objects = try objects(of: "manifests/default", namespace: nil)
        return """
            # Made by `swift run matriarch-generate crd --root .` from manifests/default; do not edit.
            # kubectl apply -f manifests/install.yaml

            """
                + objects.sorted { Self.rank($0) < Self.rank($1) }.map { YAML.serialized($0) }.joined(
                    separator: "---\n")
    }

    private func objects(of folder: String, namespace: String?) throws -> [JSONValue] {
        let kustomization = try YAML.parse(try contents("\(folder)/kustomization.yaml"))
        let unknown = Set(kustomization.objectValue?.keys.map { $0 } ?? [])
            .subtracting(["apiVersion", "kind", "namespace", "resources"])
        guard unknown.isEmpty else {
            throw UsageError(description: "\(folder): cannot render \(unknown.sorted().joined(separator: ", "))")
        }
        let namespace = kustomization["namespace"]?.stringValue ?? namespace
        return try (kustomization["resources"]?.arrayValue ?? []).compactMap(\.stringValue).flatMap { name in
            guard name.hasSuffix(".yaml") else {
                return try objects(of: Self.joined(folder, name), namespace: namespace)
            }
            return try YAML.parseAll(try contents("\(folder)/\(name)")).map { object in
                guard let namespace, try Self.isNamespaced(object) else { return object }
                var object = object
                object["metadata"]?["namespace"] = .string(namespace)
                return object
            }
        }
    }

    private func contents(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: "\(root)/\(path)") else {
            throw UsageError(description: "\(root)/\(path) cannot be read")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// `folder/name` with the steps up (`..`) taken.
    private static func joined(_ folder: String, _ name: String) -> String {
        var parts = folder.split(separator: "/")
        for step in name.split(separator: "/") {
            if step == ".." { parts = parts.dropLast() } else { parts.append(step) }
        }
        return parts.joined(separator: "/")
    }

    /// The kinds we install, in the order in which the later ones need the earlier ones.
    private static let kinds: [(name: String, isNamespaced: Bool)] = [
        ("Namespace", false), ("CustomResourceDefinition", false), ("ServiceAccount", true), ("ClusterRole", false),
        ("ClusterRoleBinding", false), ("Role", true), ("RoleBinding", true), ("Deployment", true),
    ]

    private static func rank(_ object: JSONValue) -> Int {
        kinds.firstIndex { $0.name == object["kind"]?.stringValue } ?? kinds.count
    }

    private static func isNamespaced(_ object: JSONValue) throws -> Bool {
        guard let kind = kinds.first(where: { $0.name == object["kind"]?.stringValue }) else {
            throw UsageError(description: "no place for the kind \(object["kind"]?.stringValue ?? "of nothing")")
        }
        return kind.isNamespaced
    }
}
