public import ClusterRecords
public import KubernetesModels
public import PostgresConfiguration

/// A role of the server that is declared; fields as CloudNativePG's `managed.roles` has them where that has them.
public struct RoleSpec: Sendable, Hashable, Codable {
    public var name: String
    public var ensure: Ensure?
    public var login: Bool?
    public var superuser: Bool?
    public var createdb: Bool?
    public var createrole: Bool?
    public var inherit: Bool?
    public var replication: Bool?
    public var bypassrls: Bool?
    public var connectionLimit: Int?
    public var validUntil: Timestamp?
    public var memberOf: [String]?
    public var passwordSecret: PasswordSecret?
    public var disablePassword: Bool?
    public var comment: String?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, ensure, login, superuser, createdb, createrole, inherit, replication, bypassrls, connectionLimit
        case validUntil, memberOf, passwordSecret, disablePassword, comment
    }

    public enum Ensure: String, Sendable, Hashable, Codable, CaseIterable {
        case present
        case absent
    }

    /// What an agent carries out; what is absent has its default.
    public var declared: DeclaredRole {
        let standard = RoleAttributes()
        var password = DeclaredRole.Password.kept
        if let passwordSecret {
            password = .secret(name: passwordSecret.name, key: passwordSecret.key)
        } else if disablePassword == true {
            password = .disabled
        }
        return DeclaredRole(
            name: name, isAbsent: ensure == .absent,
            attributes: RoleAttributes(
                mayLogIn: login ?? standard.mayLogIn, isSuperuser: superuser ?? standard.isSuperuser,
                mayCreateDatabases: createdb ?? standard.mayCreateDatabases,
                mayCreateRoles: createrole ?? standard.mayCreateRoles, inherits: inherit ?? standard.inherits,
                mayReplicate: replication ?? standard.mayReplicate,
                bypassesRowSecurity: bypassrls ?? standard.bypassesRowSecurity),
            connectionLimit: connectionLimit ?? -1,
            validUntil: validUntil.map {
                Timestamp(secondsSince1970: $0.microsecondsSince1970 / 1_000_000).description
            },
            memberships: memberOf, comment: comment, password: password)
    }
}

extension RoleSpec: SchemaObject {
    public static let summary = "A role of the server: what it is, kept so while it is in the list."

    public static let rules = [
        Rule(
            .not(.any(DeclaredRole.reservedNames.map { .equals("name", .string($0)) })),
            message:
                "name must not be postgres, replicator or rewinder, which the agents need, nor public or none, which "
                + "are no names of roles", at: "name"),
        Rule(
            .any([.not(.isPresent("passwordSecret")), .not(.equals("disablePassword", true))]),
            message: "disablePassword contradicts passwordSecret", at: "disablePassword"),
    ]

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .name:
            Field(
                .text(pattern: InitDBSpec.namePattern, maxLength: 63, meaning: InitDBSpec.nameMeaning),
                "Name of the role; none of those the agents and PostgreSQL have for themselves.", required: true)
        case .ensure:
            Field(
                .choice(Ensure.allCases.map(\.rawValue)),
                "`present` (the default) or `absent`: then the role is dropped, unless it owns something or has rights, which "
                    + "PostgreSQL refuses. A role taken out of the list stays as it is.")
        case .login:
            Field(.boolean, "It may log in. Absent means true; a role that only holds rights for others has false.")
        case .superuser:
            Field(.boolean, "No check of rights holds for it. Absent means false, as for those that follow.")
        case .createdb: Field(.boolean, "It may make databases.")
        case .createrole: Field(.boolean, "It may make, alter and drop roles.")
        case .inherit:
            Field(
                .boolean,
                "It has the rights of the roles it is a member of by itself. Absent means true. From PostgreSQL 16 on that is a "
                    + "matter of each membership: it holds for those of `memberOf`, and for those that are given later."
            )
        case .replication: Field(.boolean, "It may stream WAL and make replication slots. Absent means false.")
        case .bypassrls: Field(.boolean, "Row security does not hold for it. Absent means false.")
        case .connectionLimit:
            Field(
                .integer(minimum: -1, maximum: Int64(Int32.max)),
                "Sessions it may have at a time; absent or -1: as many as the server.")
        case .validUntil:
            Field(.timestamp, "When its password ends, to the second. Absent: it holds for ever.")
        case .memberOf:
            Field(
                .list(of: .text(maxLength: 63), maximumCount: 64),
                "Roles it is a member of: of exactly these; names of up to 63 bytes. The right to grant a role (`ADMIN`) is no "
                    + "membership and stays what it is. Absent: whatever it is a member of stays.")
        case .passwordSecret:
            Field(
                .object(PasswordSecret.self),
                "Where its password is. Another one in the Secret is the role's within seconds; sessions that exist live on. "
                    + "Absent: the password stays what it is.")
        case .disablePassword: Field(.boolean, "It has no password, so that nobody logs in with one.")
        case .comment: Field(.text(maxLength: 256), "Its comment, as `\\du+` shows it. Absent: whatever it is stays.")
        }
    }
}

/// A key of a Secret that holds the password of a role.
public struct PasswordSecret: Sendable, Hashable, Codable {
    public var name: String
    public var key: String

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, key
    }

    public init(name: String, key: String = Secret.passwordKey) {
        self.name = name
        self.key = key
    }
}

extension PasswordSecret: SchemaObject {
    public static let summary = "A key of a Secret of this namespace, made by you."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .name:
            Field(
                .text(pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", maxLength: 253, meaning: "the name of a Secret"),
                "Name of the Secret. It must have the label `\(Labels.rolePasswords)` with the cluster's name, and be none of "
                    + "the cluster's own: the agents may read no other.", required: true)
        case .key:
            Field(
                .text(pattern: "^[-._a-zA-Z0-9]+$", maxLength: 253, meaning: "a key of a Secret"),
                "The key with the password. With `password` the Secret must say in `username` that it is this role's.",
                default: .string(Secret.passwordKey))
        }
    }
}
