import Fence
import Logging
public import PostgresConfiguration
import ServerControl
import Units

/// Statements that people want to have run once, in a new cluster.
extension PostgresInstance {
    /// How long what one entry has may take.
    private static let longestScript = Duration.seconds(600)
    /// What a ConfigMap can hold.
    private static let largestScript = 1 << 20

    /// Refuses what would end as a cluster without its application, or without its statements, before anything is claimed or
    /// made.
    ///
    /// - Throws: `InvalidSettings` when the agents have a role of the application's name; ``InstanceError`` `.credentials`;
    ///   ``ScriptFailure`` for statements that are not mounted, or not yet.
    public func requireUsable(_ options: InitdbOptions) throws {
        if let application = options.application { try requireUsable(application) }
        // Read for what it throws.
        for script in options.scripts { _ = try readScript(script, options) }
    }

    /// Runs each script in a server of a single user, before the data count as made: nobody can connect, and a crash or an
    /// error leaves an unfinished initdb, which is made again as a whole.
    ///
    /// - Parameter parameters: those of the cluster, of which these servers get the libraries to load and what those read.
    /// - Throws: ``ScriptFailure``, or ``InstanceError`` `.timeout`.
    func runScripts(_ options: InitdbOptions, parameters: [String: String]) async throws {
        for script in options.scripts {
            let text = try readScript(script, options)
            let began = BootClock.now()
            try await run(script, text, options, parameters)
            // What it says may be secret.
            logger.notice(
                "statements for a new cluster have run",
                metadata: ["field": "\(script.path)", "took": "\(BootClock.now() - began)"])
        }
    }

    private func run(
        _ script: BootstrapScript, _ text: String, _ options: InitdbOptions, _ parameters: [String: String]
    ) async throws {
        let database =
            switch script.database {
            case .maintenance: "postgres"
            case .application: options.application?.name ?? "postgres"
            }
        let libraries = parameters.filter { $0.key == "shared_preload_libraries" || $0.key.contains(".") }
        let own = [
            "exit_on_error": "on", "log_line_prefix": "%e ", "log_min_messages": "fatal", "lc_messages": "C",
            "log_min_error_statement": "panic", "log_statement": "none",
            // Statements may have passwords; these are kept, or logged, otherwise.
            "pg_stat_statements.track": "none", "auto_explain.log_min_duration": "-1",
        ]
        let settings = libraries.merging(own) { $1 }.sorted { $0.key < $1.key }
        let statements = SingleUserStatements(text)
        let said = ToolLines()
        do {
            // -j: see SingleUserStatements. -F: the caller syncs the whole directory.
            _ = try await tools.run(
                Tool(
                    program: "postgres",
                    arguments: ["--single", "-F", "-j", "-D", data.path]
                        + settings.flatMap { ["-c", "\($0.key)=\($0.value)"] } + [database],
                    deadline: Self.longestScript, input: statements.input)
            ) { said.note($0) }
        } catch let error {
            guard (error as? InstanceError)?.code == .toolFailed, let refusal = statements.refusal(said.lines) else {
                throw error
            }
            throw script.failure(refusal, isSecret: text.lowercased().contains("password"))
        }
    }

    private func readScript(_ script: BootstrapScript, _ options: InitdbOptions) throws -> String {
        let text: String
        switch script.source {
        case .text(let given): text = given
        case .mounted(let reference):
            guard let folder = layout.scriptsDirectory,
                let read = FileSystem.readIfPresent("\(folder)/\(reference.path)")
            else { throw script.refusal("there is no \(reference), or not yet") }
            text = read
        }
        guard text.utf8.count <= Self.largestScript else { throw script.refusal("has more than 1 MiB") }
        guard !text.utf8.contains(0) else { throw script.refusal("has a byte of zero, where PostgreSQL would stop") }
        // The server of a single user takes bytes as they are.
        let isUTF8 = ["UTF8", "UTF-8", "UNICODE"].contains(options.encoding.uppercased())
        guard isUTF8 || text.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw script.refusal("may only have characters of ASCII in a cluster with the encoding \(options.encoding)")
        }
        return text
    }
}

extension BootstrapScript {
    fileprivate var path: String { "bootstrap.initdb.\(field)" }

    fileprivate func refusal(_ reason: String) -> ScriptFailure {
        ScriptFailure(field: path, line: nil, reason: reason, isPostgreSQLs: false)
    }

    /// - Parameter isSecret: nothing of what it says may be shown: it sets a password.
    fileprivate func failure(_ refusal: SingleUserStatements.Refusal, isSecret: Bool) -> ScriptFailure {
        let place = refusal.line.map { "line \($0): " } ?? ""
        let words =
            isSecret
            ? "SQLSTATE \(refusal.sqlState); PostgreSQL's words are not shown, there may be a secret in them"
            : "\(refusal.words) (SQLSTATE \(refusal.sqlState))"
        return ScriptFailure(
            field: path, line: isSecret ? nil : refusal.excerpt, reason: place + words, isPostgreSQLs: true)
    }
}
