import ClusterRecords
import PostgresConfiguration
import ServerControl

/// What somebody wrote for the cluster and this member cannot use, and what follows from it.
struct SettingsFault: Hashable, Sendable {
    /// All of it, for the log and for the member's status.
    let sentence: String
    /// In the words of the resource; empty when nobody has written what is wrong.
    let problems: [Problem]

    /// What this agent refuses before PostgreSQL sees it.
    ///
    /// - Parameter consequence: what the member does, or does not do.
    init(_ error: InvalidSettings, _ consequence: String = "the settings are refused, the former ones stay in force") {
        sentence = "\(consequence): \(error)"
        problems = error.problems.map { Problem($0, refuser: .agent) }
    }

    /// A program of PostgreSQL has failed, or is of another version.
    init(_ error: InstanceError, _ consequence: String) {
        sentence = "\(consequence): \(error.message)"
        problems = []
    }

    /// What the server says of its files.
    ///
    /// - Parameter parameters: the user's, for the values.
    init(_ errors: [ConfigurationFileError], parameters: [String: String]) {
        sentence =
            "PostgreSQL refuses the settings, the former ones stay in force: "
            + errors.map(\.description).joined(separator: "; ")
        problems = errors.map { error in
            Problem(
                path: error.parameter.map { Problem.resourcePath(of: "postgresql.parameters.\($0)") } ?? error.place,
                value: error.parameter.flatMap { name in parameters[name].map { Secrecy.shown($0, of: name) } },
                rule: error.message, refuser: .postgresql)
        }
    }
}
