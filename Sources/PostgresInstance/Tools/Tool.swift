/// One run of a PostgreSQL program.
struct Tool: Sendable {
    /// Of PostgreSQL's; any other one by its path.
    let program: String
    let arguments: [String]
    var deadline: Duration
    /// Kept from the environment otherwise: where passwords are, server options.
    var variables: [String: String] = [:]
    /// Where it begins.
    var workingDirectory = "/"
    /// How much it stands back for other programs; 0: not at all.
    var niceness = 0
    /// What it reads; nil: nothing, and its standard input is /dev/null.
    var input: String?

    /// What it said.
    struct Output: Sendable {
        let standardOutput: String
        /// The last lines of standard error.
        let messages: [String]
    }
}
