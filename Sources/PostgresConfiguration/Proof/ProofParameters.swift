public import Units

/// What a server is given that only proves settings: what keeps it from doing anything to anybody, and its cost bounded.
///
/// They go on the command line, where they outrank every file. PostgreSQL reads and checks the values in the files all the same.
public enum ProofParameters {
    /// How much memory its buffers may take; settings with more are proven with this.
    public static let largestBuffers = ByteCount.mebibytes(128)

    /// - Parameter hasHugePages: whether the machine has any: the running server may have taken them all.
    public static func values(
        for settings: PostgresSettings, version: ServerVersion, hasHugePages: Bool
    ) -> [(name: String, value: String)] {
        var values: [(name: String, value: String)] = [
            ("listen_addresses", ""), ("external_pid_file", ""), ("fsync", "off"), ("restart_after_crash", "off"),
            // Nothing of it goes into the user's archive.
            ("archive_command", ""),
            // What it says is read here.
            ("log_destination", "stderr"), ("log_line_prefix", ""), ("log_min_messages", "warning"),
            ("log_error_verbosity", "default"), ("lc_messages", "C"),
        ]
        if ParameterLifetime.exists("archive_library", in: version) { values.append(("archive_library", "")) }
        if let wanted = settings.parameters["shared_buffers"] {
            let size = bufferBytes(wanted)
            if size.map({ $0 > largestBuffers.rawValue }) ?? true {
                values.append(("shared_buffers", "\(largestBuffers.rawValue >> 20)MB"))
            }
        }
        if hasHugePages, settings.parameters["huge_pages"].map({ ParameterValue.boolean($0) == true }) ?? false {
            values.append(("huge_pages", "try"))
        }
        return values
    }

    /// Why a server with these settings cannot live in so much memory; nil when it may.
    ///
    /// PostgreSQL would not say so: where the kernel promises more memory than there is, the server starts, and is killed when it
    /// uses its buffers, with everything beside it.
    public static func lackOfMemory(_ settings: PostgresSettings, memory: ByteCount) -> String? {
        guard let wanted = settings.parameters["shared_buffers"].flatMap(bufferBytes), wanted > memory.rawValue else {
            return nil
        }
        return "is more than the \(memory.rawValue >> 20) MB of memory this member has"
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
}
