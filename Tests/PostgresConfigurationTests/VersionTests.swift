import Testing

@testable import PostgresConfiguration

struct VersionTests {
    private static let supported = (13...18).map { ServerVersion(major: $0) }

    @Test(arguments: [
        ("io_method", 17, "does not exist in PostgreSQL 17: it came with PostgreSQL 18"),
        ("summarize_wal", 15, "does not exist in PostgreSQL 15: it came with PostgreSQL 17"),
        ("reserved_connections", 15, "does not exist in PostgreSQL 15: it came with PostgreSQL 16"),
        (
            "old_snapshot_threshold", 17,
            "does not exist in PostgreSQL 17: PostgreSQL 16 was the last version with it"
        ),
        (
            "wal_keep_segments", 13,
            "does not exist in PostgreSQL 13: PostgreSQL 12 was the last version with it"
        ),
    ])
    func `a parameter the server's version does not have is refused with the version that has it`(
        name: String, major: Int, rule: String
    ) {
        let problems = PostgresSettings.problems(parameters: [name: "1"], version: ServerVersion(major: major))
        #expect(problems == [ConfigurationProblem(field: "parameters.\(name)", value: "1", rule: rule)])
        // Before any server has told its version nothing of the kind is known.
        #expect(PostgresSettings.problems(parameters: [name: "1"]).isEmpty)
    }

    @Test(arguments: [
        ("io_method", 18), ("io_method", 19), ("old_snapshot_threshold", 16), ("work_mem", 13), ("ssl_ecdh_curve", 18),
        ("no_such_parameter", 15), ("pg_stat_statements.max", 15),
    ])
    func `what the version has, or nobody here knows, is left to the server`(name: String, major: Int) {
        #expect(
            PostgresSettings.problems(parameters: [name: "1"], version: ServerVersion(major: major)).isEmpty)
    }

    @Test(arguments: supported)
    func `the agent writes and demands nothing a supported version lacks`(version: ServerVersion) throws {
        for parameter in ManagedParameter.all {
            #expect(ParameterLifetime.exists(parameter.name, in: version), "\(parameter.name) in \(version)")
        }
        let settings = try PostgresSettings(clusterName: "demo", version: version)
        for name in settings.fileParameters(recorded: nil, floors: SizeFloors(), version: version).keys {
            #expect(ParameterLifetime.exists(name, in: version), "\(name) in \(version)")
        }
    }

    @Test func `defaults follow the version`() {
        func value(_ name: String, _ major: Int) -> String? {
            PostgresSettings.defaults(in: ServerVersion(major: major))[name]
        }
        #expect(value("recovery_init_sync_method", 13) == nil)
        #expect(value("recovery_init_sync_method", 14) == "syncfs")
        #expect(value("allow_alter_system", 16) == nil)
        #expect(value("allow_alter_system", 17) == "off")
    }

    @Test(arguments: [
        ("autovacuum_max_workers", 17, true), ("autovacuum_max_workers", 18, false), ("restore_command", 13, true),
        ("restore_command", 14, false), ("shared_buffers", 18, true), ("work_mem", 15, false),
    ])
    func `what needs a restart follows the version`(name: String, major: Int, needsRestart: Bool) {
        #expect(RestartOnlyParameters.contains(name, in: ServerVersion(major: major)) == needsRestart)
    }

    @Test func `rules with oauth need PostgreSQL 18`() throws {
        let rule = "host all all all oauth issuer=https://id.example.com scope=db"
        #expect(try HBARule.parse(rule, version: ServerVersion(major: 18)).get().text == rule)
        guard case .failure(let failure) = HBARule.parse(rule, version: ServerVersion(major: 17)) else {
            Issue.record("it was accepted")
            return
        }
        #expect(failure.reason == "names the method oauth, which came with PostgreSQL 18; the server is 17")
    }
}

struct InitdbOptionsTests {
    private func arguments(_ major: Int, _ change: (inout InitdbOptions) -> Void = { _ in }) throws -> [String] {
        var options = InitdbOptions()
        change(&options)
        return try options.arguments(in: ServerVersion(major: major))
    }

    @Test func `checksums are asked for or declined in words, whatever the version's default is`() throws {
        for major in 13...18 { #expect(try arguments(major).contains("--data-checksums"), "\(major)") }
        for major in 13...17 {
            let declined = try arguments(major) { $0.dataChecksums = false }
            #expect(!declined.contains { $0.contains("checksums") }, "\(major)")
        }
        #expect(try arguments(18) { $0.dataChecksums = false }.contains("--no-data-checksums"))
    }

    @Test func `each version gets the options it knows`() throws {
        #expect(try arguments(13) == ["--encoding", "UTF8", "--data-checksums", "--locale", "C.UTF-8"])
        #expect(
            try arguments(14) == [
                "--encoding", "UTF8", "--no-instructions", "--data-checksums", "--locale", "C.UTF-8",
            ])
        for major in 15...18 {
            #expect(
                try arguments(major) == [
                    "--encoding", "UTF8", "--no-instructions", "--data-checksums", "--locale-provider", "libc",
                    "--locale",
                    "C.UTF-8",
                ])
        }
        let icu = try arguments(15) {
            $0.localeProvider = .icu
            $0.icuLocale = "de-DE"
        }
        #expect(icu.suffix(6) == ["--locale-provider", "icu", "--locale", "C.UTF-8", "--icu-locale", "de-DE"])
        let builtin = try arguments(18) {
            $0.localeProvider = .builtin
            $0.locale = "PG_UNICODE_FAST"
            $0.walSegmentMegabytes = 64
        }
        #expect(
            builtin.suffix(8) == [
                "--locale-provider", "builtin", "--locale", "C.UTF-8", "--builtin-locale", "PG_UNICODE_FAST",
                "--wal-segsize", "64",
            ])
    }

    @Test(arguments: [
        (
            14, InitdbOptions.LocaleProvider.icu, "C.UTF-8",
            "bootstrap.initdb.localeProvider: \"icu\" needs PostgreSQL 15 or later; the image has 14"
        ),
        (
            16, .builtin, "C.UTF-8",
            "bootstrap.initdb.localeProvider: \"builtin\" needs PostgreSQL 17 or later; the image has 16"
        ),
        (
            17, .builtin, "PG_UNICODE_FAST",
            "bootstrap.initdb.locale: \"PG_UNICODE_FAST\" is no locale of the provider builtin in PostgreSQL 17; it has C, "
                + "C.UTF-8"
        ),
    ])
    func `what the version cannot make is refused with the version that can`(
        major: Int, provider: InitdbOptions.LocaleProvider, locale: String, message: String
    ) {
        let error = #expect(throws: InvalidSettings.self) {
            try arguments(major) {
                $0.localeProvider = provider
                $0.locale = locale
            }
        }
        #expect(error?.description == message)
    }
}
