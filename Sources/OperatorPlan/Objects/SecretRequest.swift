public import KubernetesModels
import PostgresClusterAPI

/// A Secret to create once. Made without its password, so that plans can be printed.
public struct SecretRequest: Sendable, Hashable {
    public let name: String
    /// Role of the database whose password it holds.
    public let username: String
    private let metadata: JSONValue

    init(name: String, username: String, metadata: JSONValue) {
        self.name = name
        self.username = username
        self.metadata = metadata
    }

    public var key: ObjectKey { ObjectKey(Secret.resource, name) }

    /// The object to create.
    ///
    /// - Parameter password: random text made by the shell; nowhere else is it kept.
    public func body(password: String) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/basic-auth",
            "stringData": ["username": .string(username), "password": .string(password)],
        ]
    }
}
