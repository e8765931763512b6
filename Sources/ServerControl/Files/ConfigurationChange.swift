public import PostgresConfiguration

/// What a new configuration asks of the running server.
public enum ConfigurationChange: Hashable, Sendable {
    case unchanged
    /// ``LocalServer/reload()`` makes everything effective.
    case reload
    /// Reload now; these take effect at the next start.
    case restart([PendingSetting])
}
