/// What a start with settings has shown; see ``LocalServer/prove(_:deadline:)``.
public enum SettingsVerdict: Hashable, Sendable {
    /// A server has started with them, has read every line, and has let agent and client in.
    case proven
    /// As ``proven``, but only without the member's `postgresql.auto.conf`, with which a server makes these objections.
    case provenWithoutAutomaticConfiguration([ConfigurationFileError])
    /// PostgreSQL does not take them.
    case refused([ConfigurationFileError])
    /// No server could be had to ask. It says nothing of the settings.
    case undecided(String)
}
