import ClusterRecords
import PostgresConfiguration
import ServerControl

/// What somebody wrote for the cluster and this member cannot use, and what follows from it.
struct SettingsFault: Hashable, Sendable {
    /// All of it, for the log and for the member's status.
    let sentence: String
    /// In the words of the resource; empty when nobody has written what is wrong.
    let problems: [Problem]
    /// A line of `pg_hba.conf` is what is wrong, or one among others.
    private(set) var isOfRules = false
    /// So is one of `pg_ident.conf`.
    private(set) var isOfMaps = false

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

    /// A statement that people want to have run in a new cluster does not run.
    init(_ failure: ScriptFailure, _ consequence: String) {
        sentence = "\(consequence): \(failure)"
        problems = [
            Problem(
                path: Problem.resourcePath(of: failure.field), value: failure.line, rule: failure.reason,
                refuser: failure.isPostgreSQLs ? .postgresql : .agent)
        ]
    }

    /// What PostgreSQL says of its files, or of a start with them.
    ///
    /// - Parameter settings: the user's, for the values.
    init(_ errors: [ConfigurationFileError], _ settings: PostgresSettings) {
        let isAgents = !errors.isEmpty && errors.allSatisfy(\.isAgents)
        sentence =
            (isAgents ? "the settings are refused" : "PostgreSQL refuses the settings")
            + ", the former ones stay in force: "
            + errors.map(\.description).joined(separator: "; ")
        problems = errors.map { error in
            let key = error.parameter.map { "parameters.\($0)" } ?? error.line?.key
            return Problem(
                path: key.map { Problem.resourcePath(of: "postgresql.\($0)") } ?? error.file
                    ?? Problem.resourcePath(of: "postgresql.parameters"),
                value: Self.value(error, settings), rule: error.message,
                refuser: error.isAgents ? .agent : .postgresql)
        }
        for error in errors {
            switch error.line {
            case .hostBasedAuthentication?: isOfRules = true
            case .userNameMap?: isOfMaps = true
            case nil: break
            }
        }
    }

    /// No proof has come to a verdict. Without one the settings are used when a few were tried, if the running server says
    /// nothing against them.
    init(unproven reason: String) {
        let rule = "not proven by a start of another server: \(reason)"
        sentence = "the settings are \(rule)"
        let path = Problem.resourcePath(of: "postgresql.parameters")
        problems = [Problem(path: path, value: nil, rule: rule, refuser: .agent)]
    }

    /// What `ALTER SYSTEM` has set on this member keeps a server from starting, or from reading changed files.
    init(automaticConfiguration errors: [ConfigurationFileError]) {
        let rules = errors.map { error in error.parameter.map { "\($0): \(error.message)" } ?? error.message }
        sentence =
            "postgresql.auto.conf has what PostgreSQL refuses, so that the server may not start again: "
            + rules.joined(separator: "; ")
        problems = rules.map { Problem(path: "postgresql.auto.conf", value: nil, rule: $0, refuser: .postgresql) }
    }

    /// A server has ended before it let anybody in, and has come up with the former settings.
    static let failedStart: SettingsFault = {
        let rule = "PostgreSQL has not come up with them, and has with the former ones; the member's log has its words"
        let path = Problem.resourcePath(of: "postgresql.parameters")
        return SettingsFault(
            "the settings are refused, the former ones stay in force: \(rule)",
            [Problem(path: path, value: nil, rule: rule, refuser: .postgresql)])
    }()

    private init(_ sentence: String, _ problems: [Problem]) { (self.sentence, self.problems) = (sentence, problems) }

    private static func value(_ error: ConfigurationFileError, _ settings: PostgresSettings) -> String? {
        if let name = error.parameter { return settings.parameters[name].map { Secrecy.shown($0, of: name) } }
        switch error.line {
        case .hostBasedAuthentication(let index)? where settings.hostBasedAuthentication.indices.contains(index):
            return Secrecy.shown(line: settings.hostBasedAuthentication[index].text)
        case .userNameMap(let index)? where settings.userNameMaps.indices.contains(index):
            return settings.userNameMaps[index].text
        case .hostBasedAuthentication?, .userNameMap?, nil: return nil
        }
    }
}
