extension PostgresSettings {
    /// What a server runs with that was started with `former` and has read these since: parameters that only a start makes
    /// effective are those of then, all else is as it is here.
    ///
    /// - Parameter version: of the server; nil: not known, and every parameter that needs a restart in some version counts.
    public func inForce(sinceStartWith former: PostgresSettings, version: ServerVersion?) -> PostgresSettings {
        func waits(_ name: String) -> Bool {
            version.map { RestartOnlyParameters.contains(name, in: $0) } ?? RestartOnlyParameters.names.contains(name)
        }
        var settings = self
        settings.parameters = parameters.filter { !waits($0.key) }
            .merging(former.parameters.filter { waits($0.key) }) { $1 }
        settings.capacity = former.capacity
        return settings
    }
}
