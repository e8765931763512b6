public import Units

/// What a server is given that only proves settings: what keeps it from doing anything to anybody, and its cost bounded.
///
/// They go on the command line, where they outrank every file. PostgreSQL reads and checks the values in the files all the
/// same.
public enum ProofParameters {
    /// How much memory its buffers take; settings with more are proven with this.
    static let largestBuffers = ByteCount.mebibytes(16)

    /// How much room a volume is to have for one: twice what it takes, and so much that nobody who writes meanwhile finds none.
    public static func room(walSegmentMegabytes: Int) -> ByteCount {
        let (own, reserve) = (UInt64(60), UInt64(128))
        return .mebibytes(2 * (own + UInt64(max(1, walSegmentMegabytes))) + reserve)
    }

    /// The segments of its WAL: as small as they may be, where the verdict does not depend on them. `min_wal_size` and
    /// `max_wal_size` must be twice theirs.
    ///
    /// - Parameter automaticConfiguration: the member's `postgresql.auto.conf`.
    public static func walSegmentMegabytes(
        of megabytes: Int, _ settings: PostgresSettings, automaticConfiguration: String
    ) -> Int {
        let sizes = ["min_wal_size", "max_wal_size"]
        let isMeasured = sizes.contains { settings.parameters[$0] != nil || automaticConfiguration.contains($0) }
        return isMeasured ? megabytes : 1
    }

    /// Where the running server's log goes, as the settings have it; nil when it is not written to files.
    public static func logFolder(_ settings: PostgresSettings) -> String? {
        guard settings.parameters["logging_collector"].flatMap(ParameterValue.boolean) == true else { return nil }
        return settings.parameters["log_directory"] ?? "log"
    }

    /// - Parameters:
    ///   - hasHugePages: whether the machine has any: the running server may have taken them all, or may want them.
    ///   - isBounded: false: with the memory the member's own server would have; only to be measured, never started.
    public static func values(
        for settings: PostgresSettings, version: ServerVersion, hasHugePages: Bool, isBounded: Bool = true
    ) -> [(name: String, value: String)] {
        var values: [(name: String, value: String)] = [
            ("listen_addresses", ""), ("external_pid_file", ""), ("fsync", "off"), ("restart_after_crash", "off"),
            // Nothing of it goes into the user's archive, nor among the logs of the running server.
            ("archive_command", ""), ("logging_collector", "off"),
            // What it says is read here.
            ("log_destination", "stderr"), ("log_line_prefix", ""), ("log_min_messages", "warning"),
            ("log_error_verbosity", "default"), ("lc_messages", "C"),
        ]
        if ParameterLifetime.exists("archive_library", in: version) { values.append(("archive_library", "")) }
        // Memory that the running server has beside it, whatever postgresql.auto.conf says.
        if isBounded {
            values += [("shared_buffers", buffers(settings)), ("wal_buffers", "64kB")]
            if ParameterLifetime.exists("min_dynamic_shared_memory", in: version) {
                values.append(("min_dynamic_shared_memory", "0"))
            }
        }
        // Where there are none, PostgreSQL says so to whoever insists on them. Where there are some, the server would be
        // given what its group of processes may not have, and would be killed when it touches it.
        if hasHugePages { values.append(("huge_pages", "off")) }
        return values
    }

    private static func buffers(_ settings: PostgresSettings) -> String {
        guard let wanted = settings.parameters["shared_buffers"], let size = bufferBytes(wanted),
            size <= largestBuffers.rawValue
        else { return "\(largestBuffers.rawValue >> 20)MB" }
        return wanted
    }

    /// Why a server with these settings cannot live in so much memory; nil when it may.
    ///
    /// PostgreSQL would not say so: where the kernel promises more memory than there is, the server starts, and is killed
    /// when it uses its buffers, with everything beside it.
    ///
    /// - Parameters:
    ///   - memory: what this member's processes may have.
    ///   - machine: what the machine has. Huge pages are not charged to the processes that use them: where there are some,
    ///     and the settings do not do without, only this is a limit.
    public static func lackOfMemory(
        _ settings: PostgresSettings, memory: ByteCount?, machine: ByteCount?, hasHugePages: Bool
    ) -> String? {
        settings.parameters["shared_buffers"].flatMap(bufferBytes)
            .flatMap { excess($0, over: memory, machine, mayUseHugePages(settings, hasHugePages)) }.map { "is \($0)" }
    }

    static func mayUseHugePages(_ settings: PostgresSettings, _ hasHugePages: Bool) -> Bool {
        hasHugePages && settings.parameters["huge_pages"].flatMap(ParameterValue.boolean) != false
    }

    static func excess(
        _ bytes: UInt64, over memory: ByteCount?, _ machine: ByteCount?, _ mayUseHugePages: Bool
    ) -> String? {
        guard let limit = mayUseHugePages ? machine : [memory, machine].compactMap(\.self).min(),
            bytes > limit.rawValue
        else { return nil }
        let owner = mayUseHugePages ? "the machine" : "this member"
        return "more than the \(limit.rawValue >> 20) MB of memory \(owner) has"
    }

    /// Why settings that insist on huge pages find none; nil when they may find some.
    ///
    /// PostgreSQL says only that there is no memory.
    public static func lackOfHugePages(_ settings: PostgresSettings, hasHugePages: Bool) -> String? {
        guard !hasHugePages, settings.parameters["huge_pages"].flatMap(ParameterValue.boolean) == true else {
            return nil
        }
        return "insists on huge pages, and the machine has none"
    }

    /// As PostgreSQL reads `shared_buffers`: a number without a unit counts blocks of 8 kB. Nil for anything but a whole
    /// number with one of its units.
    static func bufferBytes(_ text: String) -> UInt64? {
        let text = text.drop { $0 == " " }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).split(separator: " ").joined()
        let factors: [String: UInt64] = [
            "": 8 << 10, "B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40,
        ]
        guard let number = UInt64(digits), let factor = factors[unit] else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// Files of the server that are named from its data directory, with their defaults.
    public static func relativeFiles(_ settings: PostgresSettings) -> [String] {
        let names = [
            "ssl_cert_file": "server.crt", "ssl_key_file": "server.key", "ssl_ca_file": "", "ssl_crl_file": "",
            "ssl_crl_dir": "", "ssl_dh_params_file": "", "krb_server_keyfile": "",
        ]
        return names.compactMap { inside(settings.parameters[$0.key] ?? $0.value) }.sorted()
    }

    /// Files with names that a text of access has by `@`, from the folder it is in.
    ///
    /// - Parameter text: lines of `pg_hba.conf` or `pg_ident.conf`, or what such a file holds.
    public static func namedFiles(in text: String) -> [String] {
        AuthenticationLine.namedFiles(in: text).compactMap(inside)
    }

    /// The path as it is from the folder it is in, in its shortest form; nil for one that leads out of that.
    private static func inside(_ path: String) -> String? {
        guard !path.hasPrefix("/") else { return nil }
        let parts = path.split(separator: "/").filter { $0 != "." }
        return parts.isEmpty || parts.contains("..") ? nil : parts.joined(separator: "/")
    }
}
