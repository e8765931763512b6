import KubernetesModels

/// How the cluster's data came to be.
public struct BootstrapSpec: Sendable, Hashable, Codable {
    public var initdb: InitDBSpec

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case initdb
    }
}

extension BootstrapSpec: SchemaObject {
    public static let summary = "How the first member makes the cluster's data. Cannot change afterwards."

    public static let isImmutable = Rule(
        .isUnchanged, message: "bootstrap describes how the cluster was made and cannot change")

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .initdb: Field(.object(InitDBSpec.self), InitDBSpec.summary, default: [:])
        }
    }
}

/// A new, empty cluster.
public struct InitDBSpec: Sendable, Hashable, Codable {
    public var dataChecksums: Bool
    public var encoding: String
    public var locale: String
    public var localeProvider: LocaleProvider?
    public var icuLocale: String?
    public var walSegmentSize: WALSegmentSize?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case dataChecksums, encoding, locale, localeProvider, icuLocale, walSegmentSize
    }

    /// Who sorts and compares text by default.
    public enum LocaleProvider: String, Sendable, Hashable, Codable, CaseIterable {
        case libc
        case icu
        case builtin
    }

    /// What PostgreSQL admits: powers of two.
    public enum WALSegmentSize: String, Sendable, Hashable, Codable, CaseIterable {
        case one = "1Mi"
        case two = "2Mi"
        case four = "4Mi"
        case eight = "8Mi"
        case sixteen = "16Mi"
        case thirtyTwo = "32Mi"
        case sixtyFour = "64Mi"
        case oneHundredTwentyEight = "128Mi"
        case twoHundredFiftySix = "256Mi"
        case fiveHundredTwelve = "512Mi"
        case oneThousandTwentyFour = "1Gi"

        public var megabytes: Int {
            switch self {
            case .one: 1
            case .two: 2
            case .four: 4
            case .eight: 8
            case .sixteen: 16
            case .thirtyTwo: 32
            case .sixtyFour: 64
            case .oneHundredTwentyEight: 128
            case .twoHundredFiftySix: 256
            case .fiveHundredTwelve: 512
            case .oneThousandTwentyFour: 1024
            }
        }
    }

    /// Locales of the provider `builtin`.
    public static let builtinLocales = ["C", "C.UTF-8", "PG_UNICODE_FAST"]
}

extension InitDBSpec: SchemaObject {
    public static let summary = "Options of initdb for a new, empty cluster."

    public static let rules = [
        Rule(
            .any([.not(.isPresent("icuLocale")), .equals("localeProvider", "icu")]),
            message: "icuLocale needs localeProvider icu", at: "icuLocale"),
        Rule(
            .any([.not(.equals("localeProvider", "icu")), .isPresent("icuLocale")]),
            message: "localeProvider icu needs icuLocale, such as und or de-DE", at: "icuLocale"),
        Rule(
            .any(
                [.not(.equals("localeProvider", "builtin")), .not(.isPresent("locale"))]
                    + builtinLocales.map { .equals("locale", .string($0)) }),
            message: "localeProvider builtin has the locales C, C.UTF-8 and PG_UNICODE_FAST", at: "locale"),
        Rule(
            .any([
                .not(.equals("localeProvider", "builtin")), .not(.isPresent("locale")), .equals("locale", "C"),
                .not(.isPresent("encoding")), .equals("encoding", "UTF8"),
            ]),
            message: "localeProvider builtin needs the encoding UTF8 for every locale but C", at: "encoding"),
    ]

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .dataChecksums:
            Field(.boolean, "Checksums on data pages: finds silent damage, and rewinding needs them.", default: true)
        case .encoding:
            Field(.text(pattern: "^[A-Za-z0-9_-]+$", maxLength: 32), "Encoding of the databases.", default: "UTF8")
        case .locale:
            Field(
                .text(pattern: "^[A-Za-z0-9_.@-]+$", maxLength: 64),
                "Locale of the databases; the image must have it. With localeProvider builtin one of C, C.UTF-8 and "
                    + "PG_UNICODE_FAST (PostgreSQL 18).",
                default: "C.UTF-8")
        case .localeProvider:
            Field(
                .choice(LocaleProvider.allCases.map(\.rawValue)),
                "Who sorts and compares text: the image's C library (`libc`, the default), the ICU library (`icu`, PostgreSQL "
                    + "15), or PostgreSQL itself (`builtin`, PostgreSQL 17), whose order no update of the image changes."
            )
        case .icuLocale:
            Field(
                .text(pattern: "^[A-Za-z0-9_@=;-]+$", maxLength: 64),
                "ICU locale of the databases, such as `und` or `de-DE`. With localeProvider icu, which needs it.")
        case .walSegmentSize:
            Field(
                .choice(WALSegmentSize.allCases.map(\.rawValue)),
                "Size of one file of WAL; absent means 16Mi. Larger ones suit servers that write a lot.")
        }
    }
}
