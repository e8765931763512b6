import PostgresConfiguration

/// Settings to be proven, as the member's own server would be given them.
struct SettingsCandidate: Sendable {
    let settings: PostgresSettings
    let version: ServerVersion
    /// For a server that listens in the proof's own directory alone.
    let files: ServerFiles
    /// What the two files of access hold without the user's lines.
    let agentsAuthentication: String
    let agentsUserNameMaps: String
    /// The member's `postgresql.auto.conf`.
    var automaticConfiguration: String
    /// What the postmaster gets on its command line, before what makes it a proof.
    let commandLine: [(name: String, value: String)]
    /// The segments of its WAL, in megabytes.
    let walSegmentMegabytes: Int
    /// Whether the machine has huge pages; the running server may have them all.
    let hasHugePages: Bool

    /// Whether `ALTER SYSTEM` has set something here.
    var hasAutomaticConfiguration: Bool {
        automaticConfiguration.split(separator: "\n").contains { line in
            line.first { $0 != " " && $0 != "\t" }.map { $0 != "#" } ?? false
        }
    }
}
