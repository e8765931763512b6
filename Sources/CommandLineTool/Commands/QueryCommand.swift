import ArgumentParser
import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import Units

/// `matriarch query`: a statement at the primary, a replica or a member, and its rows.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Run a statement at a server of a cluster and print its rows.",
        discussion: """
            Of several statements, separated by semicolons, the last one's rows are printed. Who connects and by which way is \
            as for psql.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @OptionGroup var server: ServerOptions

    @OptionGroup var login: LoginOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("The statement.", valueName: "SQL"))
    var command: String?

    @Option(help: ArgumentHelp("A file with the statement; - is standard input.", valueName: "file"))
    var file: String?

    @Flag(name: [.customShort("W"), .customLong("password")], help: "Ask for the password.")
    var asksForPassword = false

    @Option(
        name: [.customShort("o"), .customLong("output"), .customLong("format")],
        help: "tsv (default), pretty, json or yaml.")
    var format = OutputFormat.tsv

    @Option(help: ArgumentHelp("How long the statement may take.", valueName: "seconds"))
    var timeout = 86_400

    func validate() throws {
        guard command == nil || file == nil else {
            throw ValidationError("--file and --command are mutually exclusive options.")
        }
        guard command != nil || file != nil else {
            throw ValidationError("You need to specify either --command or --file.")
        }
        guard (1...604_800).contains(timeout) else {
            throw ValidationError("--timeout must be between 1 and 604800 seconds.")
        }
    }

    func run() async throws {
        try Self.refuseUnheardEncryption()
        let statement = try command ?? TextFile.contents(file ?? "-")
        var session = try await ServerSession.open(
            cluster, connection, server, user: login.user, database: login.database, always: login.portForward)
        defer { session.end() }
        if asksForPassword { session.login.password = try Terminal.password("Password for user \(session.login.user)") }
        let result = try await rows(statement, session)
        for notice in result.notices { Terminal.note(notice) }
        let table = ResultTable(result)
        if !result.columns.isEmpty { print(table.rendered(format)) } else { Terminal.note(result.commandTag) }
    }

    private func rows(_ statement: String, _ session: ServerSession) async throws -> QueryResult {
        let password = session.login.password ?? getenv("PGPASSWORD").map { String(cString: $0) }
        session.requireProof()
        var parameters = ConnectionParameters(
            address: .host(session.place.host), port: session.place.port, user: session.login.user,
            database: session.login.database ?? session.login.user, applicationName: "matriarch",
            // Whoever interrupts this command wants the statement to end, and nobody is left then to say so.
            settings: ["client_connection_check_interval": "2s"])
        // In this process's memory alone: a file would stay when a signal ends this.
        parameters.password = password.map { ConnectionParameters.Password($0) }
        do {
            let connection = try await PostgresConnection.open(parameters, deadline: .seconds(10))
            let result = try await connection.query(statement, deadline: .seconds(timeout))
            await connection.close()
            return result
        } catch {
            throw CommandError(error.sqlState.map { "\(error.message) (SQLSTATE \($0))" } ?? error.message)
        }
    }

    /// Sessions are encrypted where the server can; who wants to be certain of more is not to be let down.
    private static func refuseUnheardEncryption() throws {
        guard let mode = getenv("PGSSLMODE").map({ String(cString: $0) }),
            !["", "disable", "allow", "prefer"].contains(mode)
        else { return }
        throw CommandError("PGSSLMODE=\(mode) is not what query does; use: matriarch psql")
    }
}
