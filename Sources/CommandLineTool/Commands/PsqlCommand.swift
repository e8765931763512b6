import ArgumentParser
import KubernetesClient
import Spawning

/// `matriarch psql`: psql at the leader, a replica or a member.
struct PsqlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psql", abstract: "Open psql at the leader, a replica or a member of a cluster.",
        discussion: """
            As the owner of the application's database, with the password of its Secret, which psql gets in its environment; \
            -U \(LoginFinder.superuser) is the superuser. The server is reached by its Service or the member's address, \
            otherwise by kubectl port-forward. What follows -- is psql's. Its exit status is that of this command.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @OptionGroup var server: ServerOptions

    @OptionGroup var login: LoginOptions

    @Argument(parsing: .postTerminator, help: ArgumentHelp("Arguments of psql.", valueName: "arguments"))
    var arguments: [String] = []

    func run() async throws {
        guard ChildProgram.isInstalled("psql") else {
            throw CommandError("psql is not in PATH: install PostgreSQL's client (Debian: postgresql-client)")
        }
        let session = try await ServerSession.open(
            cluster, connection, server, user: login.user, database: login.database, always: login.portForward)
        defer { session.end() }
        let environment = session.environment(over: ProcessEnvironment.variables())
        let status = try ChildProgram(["psql"] + arguments, environment: environment).run()
        if status != 0 { throw ExitCode(status) }
    }
}
