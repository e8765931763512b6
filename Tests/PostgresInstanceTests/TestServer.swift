import Fence
import Glibc
import Logging
import PostgresClient
import PostgresConfiguration
import ServerControl
import TestSupport
import Testing
import Units

@testable import PostgresInstance

/// One PostgreSQL server in a directory of its own, removed with everything in it when the test ends.
final class TestServer: Sendable {
    let instance: PostgresInstance
    let name: String
    let root: String
    let port: Int
    let settings: PostgresSettings

    /// Runs `body` with a world of servers and cleans up after it, whatever happens.
    static func withWorld(_ body: (World) async throws -> Void) async throws {
        let world = try World()
        do {
            try await body(world)
        } catch {
            for server in world.servers { print(server.lastLog) }
            await world.tearDown()
            throw error
        }
        await world.tearDown()
    }

    fileprivate init(name: String, world: World) throws {
        self.name = name
        root = "\(world.root)/\(name)"
        port = try Self.freePort()
        let binaries: PostgresBinaries
        do {
            binaries = try PostgresBinaries.locate(searchPaths: PostgresUnderTest.directory.map { [$0] })
        } catch {
            Issue.record("\(error.message); install it: scripts/packages build, or scripts/postgres-fetch")
            throw error
        }
        // PostgreSQL refuses to run as root; CI and containers often are.
        let user = geteuid() == 0 ? InstanceLayout.SystemUser(uid: 65534, gid: 65534) : nil
        let layout = InstanceLayout(
            dataDirectory: "\(root)/pgdata", socketDirectory: "\(root)/run", runtimeDirectory: "\(root)/run",
            scriptsDirectory: "\(world.root)/sql", binaries: binaries, port: port, listenAddresses: "127.0.0.1",
            memberName: name, runAs: user,
            serverLog: .file("\(root)/server.log"))
        try FileSystem.makeDirectory(root, owner: user)
        try FileSystem.makeDirectory("\(root)/run", owner: user)
        instance = PostgresInstance(
            layout: layout, credentials: world.credentials,
            logger: Logger(label: name, factory: { _ in SwiftLogNoOpLogHandler() }))
        settings = try PostgresSettings(clusterName: "demo", parameters: ["shared_buffers": "16MB"])
    }

    /// As the others see it; `follower`'s slot.
    func upstream(for follower: TestServer) -> Upstream {
        Upstream(member: name, host: "127.0.0.1", port: port, slot: SlotName(member: follower.name))
    }

    /// A new cluster with its roles, accepting connections.
    func bootstrap() async throws {
        try await instance.initialize()
        try await startAndWait(as: .primary)
        try await instance.createRoles()
    }

    /// From PostgreSQL 17 on `ALTER SYSTEM` has to be allowed; for this life of the server.
    func allowAlterSystem() async throws {
        guard let version = instance.dataVersion, version.major >= 17 else { return }
        try await instance.writeConfiguration(
            try PostgresSettings(
                clusterName: "demo", parameters: ["shared_buffers": "16MB", "allow_alter_system": "on"]), role: .primary
        )
        try await instance.reload()
        try await eventually("ALTER SYSTEM is allowed") {
            try await self.run("SHOW allow_alter_system").scalar == "on"
        }
    }

    /// A running, streaming copy of `primary`.
    func join(_ primary: TestServer) async throws {
        try await instance.clone(from: primary.upstream(for: self), deadline: .seconds(60))
        try await startAndWait(as: .standby(upstream: primary.upstream(for: self)))
        try await eventually("\(name) streams") { try await self.status().receiver?.isStreaming == true }
    }

    func startAndWait(as role: ServerRole) async throws {
        try await instance.start(settings, as: role)
        let acceptance = try await instance.waitUntilAccepting(deadline: .seconds(30))
        try #require(acceptance == .acceptingConnections)
    }

    func status() async throws -> ServerStatus {
        switch await instance.observe() {
        case .answered(let status): return status
        case .refused(let error), .unreachable(let error): throw error
        }
    }

    func open(database: String? = nil) async throws -> PostgresConnection {
        var parameters = instance.localConnection(application: "test", statementTimeout: nil, settings: [:])
        parameters.searchPath = nil
        if let database { parameters.database = database }
        return try await PostgresConnection.open(parameters, deadline: .seconds(5))
    }

    @discardableResult
    func run(_ sql: String) async throws -> QueryResult {
        let connection = try await open()
        defer { Task { await connection.close() } }
        return try await connection.query(sql, deadline: .seconds(20))
    }

    var lastLog: String {
        let log = FileSystem.readIfPresent("\(root)/server.log") ?? "no log"
        return "--- \(name)\n" + log.split(separator: "\n").suffix(40).joined(separator: "\n")
    }

    var processes: [Int32] { DataDirectoryProcesses.list(dataDirectory: instance.layout.dataDirectory) }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

/// The servers of one test and what they share.
final class World {
    let root: String
    let credentials: Credentials
    private(set) var servers: [TestServer] = []

    fileprivate init() throws {
        var template = Array("/tmp/matriarch-postgres-XXXXXX".utf8CString)
        let path = try #require(mkdtemp(&template))
        root = String(cString: path)
        chmod(root, 0o755)
        func account(_ name: String, _ password: String) throws -> Credentials.Account {
            let file = "\(path.pointee == 0 ? "" : String(cString: path))/\(name)-password"
            try FileSystem.write(password + "\n", to: file, mode: 0o600, owner: nil)
            return Credentials.Account(username: name, passwordFile: file)
        }
        credentials = Credentials(
            superuser: try account("postgres", "su:per\\secret"), replication: try account("replicator", "repl secret"),
            rewind: try account("rewinder", "rewind'secret"),
            application: ApplicationSecret(directory: "\(root)/application"))
    }

    func server(_ name: String) throws -> TestServer {
        let server = try TestServer(name: name, world: self)
        servers.append(server)
        return server
    }

    fileprivate func tearDown() async {
        for server in servers {
            do { try await server.instance.stop(.immediate) } catch { Issue.record("\(server.name): \(error)") }
        }
        do { try FileSystem.removeTree(root) } catch { Issue.record("\(error)") }
    }
}

/// Polls until `condition` holds; fails with what it last saw.
func eventually(
    _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let end = BootClock.now() + limit
    var last = "false"
    while BootClock.now() < end {
        do {
            if try await condition() { return }
            last = "false"
        } catch {
            last = "\(error)"
        }
        try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("not within \(limit): \(what); last: \(last)")
    throw CancellationError()
}
