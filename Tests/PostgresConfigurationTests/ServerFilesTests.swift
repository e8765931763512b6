import Testing
import Units

@testable import PostgresConfiguration

struct ServerFilesTests {
    private let access = InternalAccess(
        superuser: "postgres", replication: "repl", rewind: "rewind", trustedSystemUsers: ["matriarch"])
    private let placement = ServerFiles.Placement(
        listenAddresses: "*", port: 5432, socketDirectory: "/run/matriarch", passwordFile: "/run/matriarch/pgpass",
        memberName: "demo-1")

    private func files(_ settings: PostgresSettings, _ role: ServerRole) -> ServerFiles {
        ServerFiles(
            settings: settings, role: role, placement: placement, access: access, version: ServerVersion(major: 15),
            hasBaseConfiguration: true)
    }

    @Test func `the agents' own rules stand before the users'`() throws {
        let settings = try PostgresSettings(clusterName: "demo", hba: ["host all all all reject"])
        let lines = files(settings, .primary).hostBasedAuthentication.split(separator: "\n").filter { $0.first != "#" }
        #expect(
            lines == [
                "local all \"postgres\" peer map=matriarch", "local replication \"repl\" scram-sha-256",
                "host replication \"repl\" all scram-sha-256", "host \"postgres\" \"rewind\" all scram-sha-256",
                "host all all all reject",
            ])
        #expect(files(settings, .primary).userNameMaps.contains("matriarch \"matriarch\" \"postgres\"\n"))
    }

    @Test func `an empty list of rules means passwords for everybody`() throws {
        let settings = try PostgresSettings(clusterName: "demo", hba: [])
        #expect(files(settings, .primary).hostBasedAuthentication.hasSuffix("host all all all scram-sha-256\n"))
    }

    @Test func `a uid without a name gets in by password`() throws {
        let nameless = InternalAccess(superuser: "postgres", replication: "r", rewind: "w", trustedSystemUsers: [])
        let files = ServerFiles(
            settings: try PostgresSettings(clusterName: "demo"), role: .primary, placement: placement, access: nameless,
            version: ServerVersion(major: 15))
        #expect(files.hostBasedAuthentication.contains("local all \"postgres\" scram-sha-256\n"))
    }

    @Test func `a standby is told whom to follow, through which slot and by which password file`() throws {
        let settings = try PostgresSettings(clusterName: "demo")
        let upstream = Upstream(
            member: "demo-0", host: "10.0.0.7", port: 5433, slot: SlotName(member: "demo-1"))
        let text = files(settings, .standby(upstream: upstream)).configuration
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("primary_conninfo") })
        for part in [
            "host=''10.0.0.7''", "port=''5433''", "user=''repl''", "passfile=''/run/matriarch/pgpass''",
            "application_name=''demo-1''", "sslmode=''prefer''", "connect_timeout=''3''", "tcp_user_timeout=''10000''",
        ] {
            #expect(line.contains(part), "\(part) is missing")
        }
        #expect(!line.contains("password="))
        #expect(text.contains("primary_slot_name = 'demo_1'\n"))
        #expect(text.contains("recovery_target_timeline = 'latest'\n"))
        #expect(!files(settings, .primary).configuration.contains("primary_conninfo"))
        #expect(!files(settings, .standby(upstream: nil)).configuration.contains("primary_conninfo"))
    }

    @Test(arguments: [(15, false, false), (16, false, true), (18, false, true), (18, true, false)])
    func `a member is told the password by SCRAM alone where libpq can demand it, another cluster's server as it wants`(
        major: Int, isRemote: Bool, demandsSCRAM: Bool
    ) throws {
        let files = ServerFiles(
            settings: try PostgresSettings(clusterName: "demo"),
            role: .standby(
                upstream: Upstream(member: "demo-0", host: "10.0.0.7", port: 5432, slot: nil, isRemote: isRemote)),
            placement: placement, access: access, version: ServerVersion(major: major))
        #expect(files.configuration.contains("require_auth=''scram-sha-256''") == demandsSCRAM)
    }

    @Test func `the same input gives the same bytes, whatever the order it came in`() throws {
        let names = (0..<40).map { "extension.parameter_\($0)" }
        let forward = try PostgresSettings(
            clusterName: "demo",
            parameters: Dictionary(names.map { ($0, "x") }, uniquingKeysWith: { first, _ in first }))
        let backward = try PostgresSettings(
            clusterName: "demo",
            parameters: Dictionary(names.reversed().map { ($0, "x") }, uniquingKeysWith: { first, _ in first }))
        #expect(files(forward, .primary) == files(backward, .primary))
    }

    @Test func `while users are held out only the superuser and the agents get in, before any rule of the user's`()
        throws
    {
        var settings = try PostgresSettings(clusterName: "demo", hba: ["host all all all trust"])
        #expect(!files(settings, .primary).hostBasedAuthentication.contains(ServerFiles.holdOutMark))
        settings.holdsOutUsers = true
        let text = files(settings, .primary).hostBasedAuthentication
        #expect(text.contains(ServerFiles.holdOutMark))
        let lines = text.split(separator: "\n").filter { $0.first != "#" }
        #expect(
            lines.dropFirst(4) == [
                "host all \"postgres\" all scram-sha-256", "local all all reject", "host all all all reject",
                "host all all all trust",
            ])
    }

    @Test func `a server that is to end after a crash does, whatever the user or ALTER SYSTEM says`() throws {
        var settings = try PostgresSettings(clusterName: "demo", parameters: ["restart_after_crash": "on"])
        #expect(files(settings, .primary).configuration.contains("restart_after_crash = 'on'\n"))
        settings.endsAfterCrash = true
        #expect(files(settings, .primary).configuration.contains("restart_after_crash = 'off'\n"))
        let text = "restart_after_crash = 'on'\n"
        #expect(ServerFiles.withoutOwnedParameters(automaticConfiguration: text) == "")
    }

    @Test func `values are quoted so that they stay values`() throws {
        let settings = try PostgresSettings(clusterName: "demo", parameters: ["log_line_prefix": "it's \\n 'x'"])
        #expect(files(settings, .primary).configuration.contains("log_line_prefix = 'it''s \\\\n ''x'''\n"))
    }

    @Test func `our file is recognized, and its parameters are read back`() throws {
        let text = files(try PostgresSettings(clusterName: "demo"), .primary).configuration
        #expect(ServerFiles.isOurs(text))
        #expect(ServerFiles.parameters(ofConfiguration: text)["wal_level"] == "'replica'")
        #expect(ServerFiles.parameters(ofConfiguration: "wal_level = 'minimal'\n").isEmpty)
        #expect(text.contains("include 'postgresql.base.conf'\n"))
    }

    @Test func `ALTER SYSTEM keeps what is not ours to decide`() {
        let text = "# comment\nwork_mem = '8MB'\nPrimary_Conninfo = 'host=x'\nmax_connections = '5'\n"
        #expect(ServerFiles.withoutOwnedParameters(automaticConfiguration: text) == "# comment\nwork_mem = '8MB'\n")
        #expect(ServerFiles.withoutOwnedParameters(automaticConfiguration: "work_mem = '8MB'\n") == nil)
    }
}
