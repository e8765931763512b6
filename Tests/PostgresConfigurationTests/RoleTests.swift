import PostgresConfiguration
import Testing

/// What is said to a server so that a role is what it is declared to be.
@Suite struct RoleTests {
    private static let plain = FoundRole(attributes: RoleAttributes())

    private static func found(_ change: (inout FoundRole) -> Void) -> FoundRole {
        var role = plain
        change(&role)
        return role
    }

    private static func declared(_ change: (inout DeclaredRole) -> Void = { _ in }) -> DeclaredRole {
        var role = DeclaredRole(name: "alice")
        change(&role)
        return role
    }

    struct Case: Sendable {
        var declared: DeclaredRole
        var found: FoundRole?
        var password = RolePassword.kept
        var role: [String] = []
        var memberships: [String] = []
        var differences: [String] = []
    }

    private typealias Membership = FoundRole.Membership

    private static func member(
        _ role: String = "readers", by grantor: String = "postgres", inherits: Bool = true, maySet: Bool = true,
        mayGrant: Bool = false
    ) -> Membership {
        Membership(
            role: role, grantor: grantor, options: .init(inherits: inherits, maySet: maySet, mayGrant: mayGrant))
    }

    /// As PostgreSQL 16 and later give it to whoever makes a role.
    private static let admin = member("tenant", inherits: false, maySet: false, mayGrant: true)
    private static let grant = "GRANT \"readers\" TO \"alice\" WITH INHERIT TRUE, SET TRUE"

    private static let whole =
        "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT NOREPLICATION NOBYPASSRLS"

    static let cases: [Case] = [
        Case(declared: declared(), found: plain),
        Case(declared: declared(), found: nil, role: ["CREATE ROLE \"alice\" \(whole)"], differences: ["missing"]),
        Case(
            declared: declared { $0.comment = "" }, found: nil, role: ["CREATE ROLE \"alice\" \(whole)"],
            differences: ["missing"]),
        Case(
            declared: declared {
                $0.connectionLimit = 3
                $0.validUntil = "2030-01-02T03:04:05Z"
                $0.comment = "of the shop's \\ \"people\""
                $0.memberships = ["readers"]
            }, found: nil, password: .replaced(verifier: "SCRAM-SHA-256$4096:c2FsdA==$a:b"),
            role: [
                "CREATE ROLE \"alice\" \(whole) CONNECTION LIMIT 3 VALID UNTIL E'2030-01-02T03:04:05Z' "
                    + "PASSWORD E'SCRAM-SHA-256$4096:c2FsdA==$a:b'",
                "COMMENT ON ROLE \"alice\" IS E'of the shop''s \\\\ \"people\"'",
            ],
            memberships: [grant], differences: ["missing"]),
        // Each attribute by itself, both ways.
        Case(
            declared: declared { $0.attributes.mayLogIn = false }, found: plain, role: ["ALTER ROLE \"alice\" NOLOGIN"],
            differences: ["NOLOGIN"]),
        Case(
            declared: declared { $0.attributes.isSuperuser = true }, found: plain,
            role: ["ALTER ROLE \"alice\" SUPERUSER"], differences: ["SUPERUSER"]),
        Case(
            declared: declared(), found: found { $0.attributes.mayCreateDatabases = true },
            role: ["ALTER ROLE \"alice\" NOCREATEDB"], differences: ["NOCREATEDB"]),
        Case(
            declared: declared(), found: found { $0.attributes.mayCreateRoles = true },
            role: ["ALTER ROLE \"alice\" NOCREATEROLE"], differences: ["NOCREATEROLE"]),
        Case(
            declared: declared { $0.attributes.inherits = false }, found: plain,
            role: ["ALTER ROLE \"alice\" NOINHERIT"], differences: ["NOINHERIT"]),
        Case(
            declared: declared(), found: found { $0.attributes.mayReplicate = true },
            role: ["ALTER ROLE \"alice\" NOREPLICATION"], differences: ["NOREPLICATION"]),
        Case(
            declared: declared(), found: found { $0.attributes.bypassesRowSecurity = true },
            role: ["ALTER ROLE \"alice\" NOBYPASSRLS"], differences: ["NOBYPASSRLS"]),
        Case(
            declared: declared(), found: found { $0.connectionLimit = 2 },
            role: ["ALTER ROLE \"alice\" CONNECTION LIMIT -1"], differences: ["connection limit"]),
        Case(
            declared: declared(), found: found { $0.validUntil = "2030-01-02T03:04:05Z" },
            role: ["ALTER ROLE \"alice\" VALID UNTIL E'infinity'"], differences: ["valid until"]),
        Case(
            declared: declared { $0.validUntil = "2030-01-02T03:04:05Z" },
            found: found { $0.validUntil = "2030-01-02T03:04:05Z" }),
        // Passwords.
        Case(declared: declared(), found: found { $0.verifier = "md5x" }),
        Case(declared: declared { $0.password = .disabled }, found: plain, password: .removed),
        Case(
            declared: declared { $0.password = .disabled }, found: found { $0.verifier = "x" }, password: .removed,
            role: ["ALTER ROLE \"alice\" PASSWORD NULL"], differences: ["password"]),
        Case(
            declared: declared(), found: found { $0.verifier = "x" }, password: .replaced(verifier: "it's"),
            role: ["ALTER ROLE \"alice\" PASSWORD E'it''s'"], differences: ["password"]),
        // What is not declared is nobody's business here.
        Case(
            declared: declared(),
            found: found {
                $0.comment = "by hand"
                $0.memberships = [member()]
            }),
        Case(
            declared: declared(), found: found { $0.validUntil = "-infinity" },
            role: ["ALTER ROLE \"alice\" VALID UNTIL E'infinity'"], differences: ["valid until"]),
        Case(
            declared: declared { $0.comment = "" }, found: found { $0.comment = "by hand" },
            role: ["COMMENT ON ROLE \"alice\" IS NULL"], differences: ["comment"]),
        // Memberships: what those of all grantors come to.
        Case(declared: declared { $0.memberships = ["readers"] }, found: found { $0.memberships = [member()] }),
        Case(
            declared: declared { $0.memberships = ["readers"] },
            found: found {
                $0.memberships = [member(by: "bob", inherits: false), member(by: "eve", maySet: false), admin]
            }),
        Case(
            declared: declared { $0.memberships = ["writers"] },
            found: found { $0.memberships = [member(by: "bob")] },
            memberships: [
                "GRANT \"writers\" TO \"alice\" WITH INHERIT TRUE, SET TRUE",
                "REVOKE \"readers\" FROM \"alice\" GRANTED BY \"bob\"",
            ], differences: ["not a member of writers", "a member of readers"]),
        Case(
            declared: declared { $0.memberships = [] },
            found: found { $0.memberships = [member(by: "bob"), member(by: "eve", inherits: false)] },
            memberships: [
                "REVOKE \"readers\" FROM \"alice\" GRANTED BY \"bob\"",
                "REVOKE \"readers\" FROM \"alice\" GRANTED BY \"eve\"",
            ], differences: ["a member of readers"]),
        // The right to grant is no membership, is not taken back, and stands in for none.
        Case(declared: declared { $0.memberships = [] }, found: found { $0.memberships = [admin] }),
        Case(
            declared: declared { $0.memberships = ["tenant"] }, found: found { $0.memberships = [admin] },
            memberships: ["GRANT \"tenant\" TO \"alice\" WITH INHERIT TRUE, SET TRUE"],
            differences: ["not a member of tenant"]),
        Case(
            declared: declared { $0.memberships = [] },
            found: found { $0.memberships = [member("tenant", maySet: false, mayGrant: true)] },
            memberships: [
                "REVOKE INHERIT OPTION FOR \"tenant\" FROM \"alice\" GRANTED BY \"postgres\"",
                "REVOKE SET OPTION FOR \"tenant\" FROM \"alice\" GRANTED BY \"postgres\"",
            ], differences: ["a member of tenant"]),
        // Names and comments are bytes.
        Case(
            declared: declared {
                $0.comment = "caf\u{E9}"
                $0.memberships = ["caf\u{E9}"]
            },
            found: found {
                $0.comment = "cafe\u{301}"
                $0.memberships = [member("cafe\u{301}")]
            }, role: ["COMMENT ON ROLE \"alice\" IS E'caf\u{E9}'"],
            memberships: [
                "GRANT \"caf\u{E9}\" TO \"alice\" WITH INHERIT TRUE, SET TRUE",
                "REVOKE \"cafe\u{301}\" FROM \"alice\" GRANTED BY \"postgres\"",
            ], differences: ["comment", "not a member of caf\u{E9}", "a member of cafe\u{301}"]),
        // What a membership is worth is part of it.
        Case(
            declared: declared { $0.memberships = ["readers"] },
            found: found { $0.memberships = [member(inherits: false)] }, memberships: [grant],
            differences: ["does not inherit from readers"]),
        Case(
            declared: declared { $0.memberships = ["readers"] },
            found: found { $0.memberships = [member(maySet: false)] },
            memberships: [grant], differences: ["may not SET ROLE readers"]),
        Case(
            declared: declared {
                $0.attributes.inherits = false
                $0.memberships = ["readers"]
            }, found: found { $0.attributes.inherits = false },
            memberships: ["GRANT \"readers\" TO \"alice\" WITH INHERIT FALSE, SET TRUE"],
            differences: ["not a member of readers"]),
        Case(
            declared: declared {
                $0.attributes.inherits = false
                $0.memberships = ["readers"]
            },
            found: found {
                $0.attributes.inherits = false
                $0.memberships = [member(by: "bob"), member(by: "eve", inherits: false), member(by: "kim")]
            },
            memberships: [
                "REVOKE INHERIT OPTION FOR \"readers\" FROM \"alice\" GRANTED BY \"bob\"",
                "REVOKE INHERIT OPTION FOR \"readers\" FROM \"alice\" GRANTED BY \"kim\"",
            ], differences: ["inherits from readers"]),
        // One that is to go.
        Case(declared: declared { $0.isAbsent = true }, found: nil),
        Case(
            declared: declared { $0.isAbsent = true }, found: found { $0.connectionLimit = 7 },
            role: ["DROP ROLE \"alice\""], differences: ["exists"]),
    ]

    @Test(arguments: cases.indices)
    func `a role gets what it lacks and nothing else`(row: Int) {
        let expected = Self.cases[row]
        let change = judgeRole(
            expected.declared, found: expected.found, password: expected.password,
            version: ServerVersion(major: 18))
        #expect(change.role.statements == expected.role)
        #expect(change.memberships.statements == expected.memberships)
        let differences = change.role.differences + change.memberships.differences
        #expect(differences == expected.differences)
        #expect(change.isNeeded == !(expected.role.isEmpty && expected.memberships.isEmpty))
        #expect(!differences.contains { $0.contains("SCRAM") || $0.contains("it's") })
    }

    @Test func `before PostgreSQL 16 a membership has no options, and is taken back without its grantor`() {
        func memberships(_ wanted: [String], inherits: Bool = true) -> [String] {
            judgeRole(
                Self.declared {
                    $0.memberships = wanted
                    $0.attributes.inherits = inherits
                },
                found: Self.found { $0.memberships = [.init(role: "readers", grantor: "bob")] }, password: .kept,
                version: ServerVersion(major: 15)
            ).memberships.statements
        }
        #expect(memberships([]) == ["REVOKE \"readers\" FROM \"alice\""])
        #expect(memberships(["readers"]) == [] && memberships(["readers"], inherits: false) == [])
        #expect(memberships(["readers", "writers"]) == ["GRANT \"writers\" TO \"alice\""])
    }

    @Test func `no name and no text leaves its quotes`() {
        #expect(SQLText.identifier("a\"; DROP ROLE b; --") == "\"a\"\"; DROP ROLE b; --\"")
        #expect(SQLText.literal("a'; \\' b") == "E'a''; \\\\'' b'")
        #expect(SQLText.array(["a", "b\"c", "d\\e", "f,g", ""]) == #"{"a","b\"c","d\\e","f,g",""}"#)
        #expect(SQLText.array([]) == "{}")
    }
}
