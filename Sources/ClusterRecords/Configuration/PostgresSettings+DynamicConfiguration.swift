public import HighAvailability
public import PostgresConfiguration

extension PostgresSettings {
    /// What the stored configuration says of the servers, checked.
    ///
    /// - Parameter version: of the server; nil: not known, and what only some versions have is admitted.
    /// - Throws: `InvalidSettings` with every problem found.
    public init(
        _ configuration: DynamicConfiguration, clusterName: String, version: ServerVersion?
    ) throws(InvalidSettings) {
        try self.init(
            clusterName: clusterName, parameters: configuration.parameters,
            hba: configuration.hostBasedAuthentication, ident: configuration.identityMap, version: version,
            instances: configuration.instances)
    }
}
