/// Statements that run once, in a new cluster's data before these count as made.
public struct BootstrapScript: Hashable, Sendable {
    /// Where they run, by a superuser.
    public enum Database: String, Hashable, Sendable, CaseIterable {
        /// `postgres`.
        case maintenance
        /// The one made for an application.
        case application
    }

    public enum Source: Hashable, Sendable {
        case text(String)
        /// A key that the kubelet mounts; it may not be there yet.
        case mounted(Reference)
    }

    /// A key of a ConfigMap of the cluster's namespace.
    public struct Reference: Hashable, Sendable {
        public var configMap: String
        public var key: String

        public init(configMap: String, key: String) {
            self.configMap = configMap
            self.key = key
        }

        /// Where it is, within the folder of all such.
        public var path: String { "\(configMap)/\(key)" }
    }

    /// Where the resource has them, within `bootstrap.initdb`: `postInitSQL[0]`.
    public var field: String
    public var database: Database
    public var source: Source

    public init(field: String, database: Database, source: Source) {
        self.field = field
        self.database = database
        self.source = source
    }
}

extension BootstrapScript.Reference: CustomStringConvertible {
    /// `key seed.sql of ConfigMap demo-sql`.
    public var description: String { "key \(key) of ConfigMap \(configMap)" }
}
