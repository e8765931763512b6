import FoundationEssentials
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import TestSupport
import Testing

/// The API extensions server with the resource's definition installed, and a namespace of one's own.
struct Admission: Sendable {
    let client: KubernetesClient
    let namespace: String

    init() async throws {
        let server = try await ExtensionsServer.shared()
        client = server.client
        namespace = try await server.plane.namespace(prefix: "admission")
        try await Self.install(CustomResourceDefinition.object, on: client)
    }

    /// Applies a definition as `kubectl apply --server-side` does and waits until its kind is served.
    static func install(_ definition: JSONValue, on client: KubernetesClient) async throws {
        let name = try #require(definition.value(at: "metadata", "name")?.stringValue)
        _ = try await client.applyRaw(
            .customResourceDefinition, name: name, body: definition, fieldManager: "kubectl", force: true)
        try await eventually(within: .seconds(30), "\(name) is established") {
            let object = try await client.getRaw(.customResourceDefinition, name: name)
            let conditions = object.value(at: "status", "conditions")?.arrayValue ?? []
            return conditions.contains { $0["type"] == "Established" && $0["status"] == "True" }
        }
        try await eventually(within: .seconds(30), "\(name) is served") {
            _ = try await client.listRaw(PostgresCluster.resource)
            return true
        }
    }

    /// The whole object of a spec.
    func object(_ spec: JSONValue, name: String = "demo") -> JSONValue {
        [
            "apiVersion": .string(PostgresCluster.resource.apiVersion), "kind": "PostgresCluster",
            "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": spec,
        ]
    }

    /// What the server makes of an object, or why it refuses it.
    func answer(
        to object: JSONValue, isDryRun: Bool = true, validation: WriteOptions.FieldValidation = .strict
    ) async throws -> Answer {
        do throws(KubernetesError) {
            return .accepted(
                try await client.createRaw(
                    PostgresCluster.resource, body: object, namespace: namespace,
                    options: WriteOptions(isDryRun: isDryRun, fieldValidation: validation)))
        } catch {
            return try Self.refusal(error)
        }
    }

    /// What the server makes of a change to an object that exists.
    func answer(toChange patch: JSONValue, of name: String) async throws -> Answer {
        do throws(KubernetesError) {
            return .accepted(
                try await client.mergePatchRaw(
                    PostgresCluster.resource, name: name, namespace: namespace, body: patch))
        } catch {
            return try Self.refusal(error)
        }
    }

    private static func refusal(_ error: KubernetesError) throws -> Answer {
        // Anything else, such as a server that is not ready, says nothing about the object.
        guard error.code == .invalidObject || error.code == .badRequest else { throw error }
        return .refused(error.message)
    }
}

/// What an API server says to an object.
enum Answer: CustomStringConvertible {
    /// With the object as it is stored.
    case accepted(JSONValue)
    case refused(String)

    var isAccepted: Bool { stored != nil }

    var stored: JSONValue? {
        switch self {
        case .accepted(let object): object
        case .refused: nil
        }
    }

    /// Why it is refused; empty when it is not.
    var message: String {
        switch self {
        case .accepted: ""
        case .refused(let message): message
        }
    }

    var description: String {
        switch self {
        case .accepted: "accepted"
        case .refused(let message): "refused: \(message)"
        }
    }
}

/// The smallest spec anybody writes.
let minimalSpec: JSONValue = ["image": "matriarch-postgres:15", "storage": ["size": "10Gi"]]

/// `changes` over `base`, member by member; a list is replaced.
func merged(_ base: JSONValue, _ changes: JSONValue) -> JSONValue {
    guard case .object(var members) = base, case .object(let new) = changes else { return changes }
    for (key, value) in new { members[key] = members[key].map { merged($0, value) } ?? value }
    return .object(members)
}

/// A file of the repository, as text.
func repositoryFile(_ path: String) throws -> String {
    let data = try #require(FileManager.default.contents(atPath: "\(repositoryRoot)/\(path)"), "no \(path)")
    return String(decoding: data, as: UTF8.self)
}

let repositoryRoot = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    .joined(separator: "/")
