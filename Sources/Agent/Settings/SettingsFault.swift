import ClusterRecords
import PostgresConfiguration
import PostgresInstance

/// Settings of the store that are not used, and why; the former ones stay in force.
struct SettingsFault: Hashable, Sendable {
    /// All of it, for the log and for the member's status.
    let sentence: String
    /// In the words of the resource.
    let problems: [Problem]

    /// What this agent refuses before PostgreSQL sees it.
    init(_ error: InvalidSettings) {
        sentence = "the settings are refused, the former ones stay in force: \(error)"
        problems = error.problems.map { Problem($0, refuser: .agent) }
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
                value: error.parameter.flatMap { parameters[$0] }, rule: error.message, refuser: .postgresql)
        }
    }
}
