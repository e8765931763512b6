import KubernetesModels

/// A new, empty cluster.
public struct InitDBSpec: Sendable, Hashable, Codable {
    public var dataChecksums: Bool
    public var encoding: String
    public var locale: String
    public var localeProvider: LocaleProvider?
    public var icuLocale: String?
    public var walSegmentSize: WALSegmentSize?
    public var database: String?
    public var owner: String?
    public var secretName: String?
    public var postInitSQL: [String]?
    public var postInitSQLRefs: SQLReferences?
    public var postInitApplicationSQL: [String]?
    public var postInitApplicationSQLRefs: SQLReferences?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case dataChecksums, encoding, locale, localeProvider, icuLocale, walSegmentSize, database, owner, secretName
        case postInitSQL, postInitSQLRefs, postInitApplicationSQL, postInitApplicationSQLRefs
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
        Rule(
            .not(.any(reservedDatabases.map { .equals("database", .string($0)) })),
            message: "database must not be postgres, template0 or template1, which every server has", at: "database"),
        Rule(
            .not(.any(reservedRoles.map { .equals("owner", .string($0)) })),
            message:
                "owner must not be postgres, replicator or rewinder, which the agents need, nor public or none, which "
                + "are no names of roles", at: "owner"),
        Rule(
            .any([
                .isPresent("owner"), .not(.any(reservedRoles.dropFirst().map { .equals("database", .string($0)) })),
            ]),
            message: "without owner the database belongs to a role of its own name, and that must not be replicator, "
                + "rewinder, public or none", at: "database"),
    ]

    /// Longer ones go into ConfigMaps: the rule that `bootstrap` cannot change compares them, and servers bound what that may cost.
    private static let statements = Shape.list(of: .text(maxLength: 4096), maximumCount: 20)

    private static let reservedDatabases = ["postgres", "template0", "template1"]
    private static let reservedRoles = ["postgres", "replicator", "rewinder", "public", "none"]

    /// What needs no quoting in URLs, connection strings and password files. PostgreSQL keeps `pg_` for its own roles; the
    /// servers' regular expressions cannot look ahead.
    static let namePattern =
        "^([a-oq-z_][a-z0-9_-]*|p|p[a-fh-z0-9_-][a-z0-9_-]*|pg|pg[a-z0-9-][a-z0-9_-]*)$"
    static let nameMeaning =
        "1 to 63 of the characters a to z, 0 to 9, _ and -, beginning with a letter or _ and not with pg_"

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
        case .database:
            Field(
                .text(pattern: namePattern, maxLength: 63, meaning: nameMeaning),
                "Database made for an application, once, with the cluster's data; absent means `app`. A cluster that was "
                    + "made before there was this field has none, and gets none.")
        case .owner:
            Field(
                .text(pattern: namePattern, maxLength: 63, meaning: nameMeaning),
                "Role that owns the database: it may log in and has no other right. Absent means the database's name.")
        case .secretName:
            Field(
                .text(pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", maxLength: 253, meaning: "the name of a Secret"),
                "Secret of this namespace, made by you, with the keys `username`, which must be the owner, and `password`. "
                    + "Absent: the operator makes `<cluster>-app` with a random password and everything one connects with."
            )
        case .postInitSQL:
            Field(
                statements,
                "Statements a superuser runs once, in the database `postgres`, before anybody can connect to the new cluster: "
                    + "each entry in a session of its own, in this order. If one fails, no cluster is made.")
        case .postInitSQLRefs:
            Field(.object(SQLReferences.self), "More of them, after those of postInitSQL.")
        case .postInitApplicationSQL:
            Field(
                statements,
                "As postInitSQL and after it, in the application's database. Who runs them owns what they make: begin with "
                    + "`SET ROLE` to make it the owner's.")
        case .postInitApplicationSQLRefs:
            Field(
                .object(SQLReferences.self), "More of them, after those of postInitApplicationSQL.")
        }
    }
}
