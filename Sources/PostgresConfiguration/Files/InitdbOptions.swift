/// How a new cluster is made.
public struct InitdbOptions: Hashable, Sendable {
    /// Who sorts and compares text by default.
    public enum LocaleProvider: String, Hashable, Sendable, CaseIterable {
        /// The C library of the image: the order of texts may change with it.
        case libc
        /// The ICU library (PostgreSQL 15 and later).
        case icu
        /// PostgreSQL itself (17 and later).
        case builtin

        var firstVersion: Int {
            switch self {
            case .libc: 0
            case .icu: 15
            case .builtin: 17
            }
        }
    }

    public var dataChecksums = true
    public var encoding = "UTF8"
    /// Of the C library; with `builtin` PostgreSQL's own: `C`, `C.UTF-8` or `PG_UNICODE_FAST`.
    public var locale = "C.UTF-8"
    public var localeProvider = LocaleProvider.libc
    /// For `icu`, such as `und` or `de-DE`.
    public var icuLocale: String?
    /// In MiB, a power of two up to 1024; nil: 16.
    public var walSegmentMegabytes: Int?
    /// nil: none is made.
    public var application: ApplicationDatabase?
    /// In the order they run in.
    public var scripts: [BootstrapScript] = []

    public init() {}

    /// Locales `builtin` knows, by the version they came with.
    static let builtinLocales = ["C": 17, "C.UTF-8": 17, "PG_UNICODE_FAST": 18]

    /// What initdb of this version wants to be told. Nothing that has changed its default is left to it.
    ///
    /// - Throws: ``InvalidSettings`` naming the field under `bootstrap.initdb` that this version does not have.
    public func arguments(in version: ServerVersion) throws(InvalidSettings) -> [String] {
        let problems = problems(in: version)
        guard problems.isEmpty else { throw InvalidSettings(problems: problems) }
        var arguments = ["--encoding", encoding]
        if version.major >= 14 { arguments.append("--no-instructions") }
        // Checksums became the default with 18, and only since then can they be declined.
        if dataChecksums {
            arguments.append("--data-checksums")
        } else if version.major >= 18 {
            arguments.append("--no-data-checksums")
        }
        if version.major >= 15 { arguments += ["--locale-provider", localeProvider.rawValue] }
        switch localeProvider {
        case .libc: arguments += ["--locale", locale]
        case .icu: arguments += ["--locale", locale, "--icu-locale", icuLocale ?? "und"]
        case .builtin:
            // The other categories stay with the C library, which does not know each of PostgreSQL's names.
            arguments += ["--locale", locale == "C" ? "C" : "C.UTF-8", "--builtin-locale", locale]
        }
        if let walSegmentMegabytes { arguments += ["--wal-segsize", String(walSegmentMegabytes)] }
        return arguments
    }

    private func problems(in version: ServerVersion) -> [ConfigurationProblem] {
        if version.major < localeProvider.firstVersion {
            return [
                ConfigurationProblem(
                    field: "bootstrap.initdb.localeProvider", value: localeProvider.rawValue,
                    rule: "needs PostgreSQL \(localeProvider.firstVersion) or later; the image has \(version.major)")
            ]
        }
        if localeProvider == .builtin, version.major < Self.builtinLocales[locale] ?? .max {
            let known = Self.builtinLocales.filter { $0.value <= version.major }.keys.sorted().joined(separator: ", ")
            return [
                ConfigurationProblem(
                    field: "bootstrap.initdb.locale", value: locale,
                    rule: "is no locale of the provider builtin in PostgreSQL \(version.major); it has \(known)")
            ]
        }
        return []
    }
}
