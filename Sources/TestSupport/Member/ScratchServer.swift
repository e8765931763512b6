import Glibc
import Synchronization

/// A PostgreSQL server of a test's own on 127.0.0.1, which lets nobody in without a password.
///
/// It ends with ``stop()``, and with the test process.
public final class ScratchServer: Sendable {
    public let port: UInt16
    /// Of the superuser `postgres`.
    public let password: String
    private let folder: String
    private let process: ControlPlaneProcess

    /// Makes the data and starts the server; returns once it takes connections.
    public static func start(password: String) async throws -> ScratchServer {
        let port = try FreePorts.take(1)[0]
        let made = try await HostShell.run(
            """
            folder=$(mktemp -d /tmp/matriarch-scratch-XXXXXX)
            chmod 755 "$folder"
            cat >"$folder/password"
            \(owner.isEmpty ? "" : "chown -R 65534:65534 \"$folder\"")
            \(owner)"\(PostgresUnderTest.shellExpression)/initdb" -D "$folder/data" -U postgres -A scram-sha-256 \
                --pwfile="$folder/password" -N >/dev/null
            printf '%s\\n' "$folder" \(PostgresUnderTest.shellExpression)
            """, input: password)
        let lines = made.split(separator: "\n").map(String.init)
        let server = try ScratchServer(folder: lines[0], programs: lines[1], port: port, password: password)
        do {
            try await eventually(within: .seconds(20), "the scratch server listens") {
                try await HostShell.run(
                    "'\(lines[1])/pg_isready' -h 127.0.0.1 -p \(port) >/dev/null && echo yes || echo no")
                    == "yes\n"
            }
        } catch {
            try await server.stop()
            throw error
        }
        return server
    }

    private init(folder: String, programs: String, port: UInt16, password: String) throws {
        self.folder = folder
        self.port = port
        self.password = password
        let owner = Self.owner.split(separator: " ").map(String.init)
        process = try ControlPlaneProcess(
            name: "scratch",
            ["setpriv", "--pdeathsig", "KILL"] + owner.dropFirst() + [
                "\(programs)/postgres", "-D", "\(folder)/data", "-p", "\(port)", "-c", "listen_addresses=127.0.0.1",
                "-k", folder, "-F",
            ], logPath: "\(folder)/log")
    }

    /// Runs SQL as the superuser.
    public func run(_ sql: String) async throws -> String {
        try await HostShell.run(
            "\(PostgresUnderTest.shellExpression)/psql -h 127.0.0.1 -p \(port) -U postgres -XAtq -v ON_ERROR_STOP=1",
            environment: ["PGPASSWORD": password], input: sql)
    }

    public func stop() async throws {
        try await process.stop()
        try await HostShell.run("rm -rf '\(folder)'")
    }

    /// In front of a program that root may not run.
    private static let owner =
        MemberCluster.runAs.map { "setpriv --reuid=\($0.user) --regid=\($0.group) --clear-groups " } ?? ""
}
