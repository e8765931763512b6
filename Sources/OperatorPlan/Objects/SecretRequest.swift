public import KubernetesModels
import PostgresClusterAPI

/// A Secret to create. Made without its password, so that plans can be printed.
public struct SecretRequest: Sendable, Hashable {
    public let name: String
    /// Role of the database whose password it holds.
    public let username: String
    private let metadata: JSONValue
    private let connection: ApplicationConnection?

    /// - Parameter connection: what else an application needs; nil for a role of the agents' own.
    init(name: String, username: String, metadata: JSONValue, connection: ApplicationConnection? = nil) {
        self.name = name
        self.username = username
        self.metadata = metadata
        self.connection = connection
    }

    public var key: ObjectKey { ObjectKey(Secret.resource, name) }

    /// The object to create.
    ///
    /// - Parameter password: random text made by the shell; nowhere else is it kept.
    public func body(password: String) -> JSONValue {
        let account = ["username": username, "password": password]
        let values = account.merging(connection?.keys(password: password) ?? [:]) { $1 }
        return [
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/basic-auth",
            "stringData": JSONValue(values),
        ]
    }
}
