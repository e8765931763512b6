public import Units

/// What a server is given that only proves settings: what keeps it from doing anything to anybody, and its cost bounded.
///
/// They go on the command line, where they outrank every file. PostgreSQL reads and checks the values in the files all the same.
public enum ProofParameters {
    /// How much memory its buffers may take; settings with more are proven with this.
    public static let largestBuffers = ByteCount.mebibytes(128)
    /// What they have when the settings say nothing.
    static let usualBuffers = ByteCount.mebibytes(16)
    /// How much memory there is to be for one: the buffers, and what the processes of an idle server have.
    public static let memory = ByteCount.mebibytes(256)

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

    /// - Parameter hasHugePages: whether the machine has any: the running server may have taken them all, or may want them.
    public static func values(
        for settings: PostgresSettings, version: ServerVersion, hasHugePages: Bool
    ) -> [(name: String, value: String)] {
        var values: [(name: String, value: String)] = [
            ("listen_addresses", ""), ("external_pid_file", ""), ("fsync", "off"), ("restart_after_crash", "off"),
            // Nothing of it goes into the user's archive, nor among the logs of the running server.
            ("archive_command", ""), ("logging_collector", "off"),
            // Memory that the running server has beside it, whatever postgresql.auto.conf says.
            ("shared_buffers", buffers(settings)), ("wal_buffers", "64kB"),
            // What it says is read here.
            ("log_destination", "stderr"), ("log_line_prefix", ""), ("log_min_messages", "warning"),
            ("log_error_verbosity", "default"), ("lc_messages", "C"),
        ]
        if ParameterLifetime.exists("archive_library", in: version) { values.append(("archive_library", "")) }
        if ParameterLifetime.exists("min_dynamic_shared_memory", in: version) {
            values.append(("min_dynamic_shared_memory", "0"))
        }
        // Where there are none, PostgreSQL says so to whoever insists on them. Where there are some, the server would be given what its
        // group of processes may not have, and would be killed when it touches it.
        if hasHugePages { values.append(("huge_pages", "off")) }
        return values
    }

    private static func buffers(_ settings: PostgresSettings) -> String {
        guard let wanted = settings.parameters["shared_buffers"] else { return "\(usualBuffers.rawValue >> 20)MB" }
        guard let size = bufferBytes(wanted), size <= largestBuffers.rawValue else {
            return "\(largestBuffers.rawValue >> 20)MB"
        }
        return wanted
    }

    /// Why a server with these settings cannot live in so much memory; nil when it may.
    ///
    /// PostgreSQL would not say so: where the kernel promises more memory than there is, the server starts, and is killed when it
    /// uses its buffers, with everything beside it.
    ///
    /// - Parameters:
    ///   - memory: what this member's processes may have.
    ///   - machine: what the machine has. Huge pages are not charged to the processes that use them: where there are some, and the
    ///     settings do not do without, only this is a limit.
    public static func lackOfMemory(
        _ settings: PostgresSettings, memory: ByteCount?, machine: ByteCount?, hasHugePages: Bool
    ) -> String? {
        let mayUseThem = hasHugePages && settings.parameters["huge_pages"].flatMap(ParameterValue.boolean) != false
        guard let limit = mayUseThem ? machine : [memory, machine].compactMap(\.self).min(),
            let wanted = settings.parameters["shared_buffers"].flatMap(bufferBytes), wanted > limit.rawValue
        else { return nil }
        return "is more than the \(limit.rawValue >> 20) MB of memory \(mayUseThem ? "the machine" : "this member") has"
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

    /// As PostgreSQL reads `shared_buffers`: a number without a unit counts blocks of 8 kB. Nil for anything but a whole number with
    /// one of its units.
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
        return names.map { settings.parameters[$0.key] ?? $0.value }
            .filter { !$0.isEmpty && !$0.hasPrefix("/") && !$0.hasPrefix(".") }.sorted()
    }

    /// Files with names that a text of access has by `@`, from the folder it is in.
    ///
    /// - Parameter text: lines of `pg_hba.conf` or `pg_ident.conf`, or what such a file holds.
    public static func namedFiles(in text: String) -> [String] {
        AuthenticationLine.namedFiles(in: text).filter { !$0.hasPrefix("/") && !$0.hasPrefix("..") }
    }
}
