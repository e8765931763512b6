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
            memberships: ["GRANT \"readers\" TO \"alice\""], differences: ["missing"]),
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
                $0.memberships = [.init(role: "readers", grantor: "postgres")]
            }),
        Case(
            declared: declared { $0.comment = "" }, found: found { $0.comment = "by hand" },
            role: ["COMMENT ON ROLE \"alice\" IS NULL"], differences: ["comment"]),
        Case(
            declared: declared { $0.memberships = ["readers"] },
            found: found { $0.memberships = [.init(role: "readers", grantor: "postgres")] }),
        Case(
            declared: declared { $0.memberships = ["writers"] },
            found: found { $0.memberships = [.init(role: "readers", grantor: "bob")] },
            memberships: [
                "GRANT \"writers\" TO \"alice\"", "REVOKE \"readers\" FROM \"alice\" GRANTED BY \"bob\" CASCADE",
            ], differences: ["not a member of writers", "a member of readers"]),
        Case(
            declared: declared { $0.memberships = [] },
            found: found {
                $0.memberships = [.init(role: "readers", grantor: "bob"), .init(role: "readers", grantor: "eve")]
            },
            memberships: [
                "REVOKE \"readers\" FROM \"alice\" GRANTED BY \"bob\" CASCADE",
                "REVOKE \"readers\" FROM \"alice\" GRANTED BY \"eve\" CASCADE",
            ], differences: ["a member of readers", "a member of readers"]),
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
        #expect(change.role == expected.role)
        #expect(change.memberships == expected.memberships)
        #expect(change.differences == expected.differences)
        #expect(change.isNeeded == !(expected.role.isEmpty && expected.memberships.isEmpty))
        #expect(!change.differences.contains { $0.contains("SCRAM") || $0.contains("it's") })
    }

    @Test func `before PostgreSQL 16 a membership is taken back without its grantor`() {
        let change = judgeRole(
            Self.declared { $0.memberships = [] },
            found: Self.found { $0.memberships = [.init(role: "readers", grantor: "bob")] }, password: .kept,
            version: ServerVersion(major: 15))
        #expect(change.memberships == ["REVOKE \"readers\" FROM \"alice\" CASCADE"])
    }

    @Test func `no name and no text leaves its quotes`() {
        #expect(SQLText.identifier("a\"; DROP ROLE b; --") == "\"a\"\"; DROP ROLE b; --\"")
        #expect(SQLText.literal("a'; \\' b") == "E'a''; \\\\'' b'")
        #expect(SQLText.array(["a", "b\"c", "d\\e", "f,g", ""]) == #"{"a","b\"c","d\\e","f,g",""}"#)
        #expect(SQLText.array([]) == "{}")
    }
}
