import KubernetesModels
import PostgresConfiguration
import Testing

@testable import ClusterRecords

/// The list of declared roles, what a leader says of it, and the Secrets with their passwords.
@Suite struct RoleRecordTests {
    @Test func `a list that is written is the list that is read`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let roles = DeclaredRoles(drawing.list { $0.declaredRole() })
            #expect(try DeclaredRoles(text: roles.text) == roles, "seed \(seed)")
        }
    }

    @Test func `a role without anything is its name, and the text is the same each time`() {
        let text = DeclaredRoles([DeclaredRole(name: "alice")]).text
        #expect(text == #"{"roles":[{"name":"alice"}]}"#)
        #expect(DeclaredRoles.revision(of: text) == DeclaredRoles.revision(of: text))
        #expect(DeclaredRoles.revision(of: text) != DeclaredRoles.revision(of: text + " "))
    }

    @Test(arguments: [
        "", "null", "[]", "{}", #"{"roles":7}"#, #"{"roles":[{}]}"#, #"{"roles":[{"name":""}]}"#,
        #"{"roles":[{"name":"a","passwordSecret":{"name":"s"}}]}"#,
        #"{"roles":[{"name":"a"},{"passwordSecret":{}}]}"#,
    ])
    func `half a list is none`(text: String) {
        #expect(throws: Problem.self) { try DeclaredRoles(text: text) }
    }

    @Test func `keys of a later version are passed over`() throws {
        let text = #"{"roles":[{"name":"a","inRoles":[1],"login":false}],"more":7}"#
        #expect(
            try DeclaredRoles(text: text).roles == [
                DeclaredRole(name: "a", attributes: RoleAttributes(mayLogIn: false))
            ])
    }

    @Test func `of a thousand failing roles a leader names the first, and each reason is bounded`() throws {
        var record = MemberRecord()
        let long = String(repeating: "é", count: 5000)
        record.roles = RolesReport(
            revision: "r", declared: 1000, ready: 0,
            failing: (0..<1000).map { RolesReport.Failure(role: "role-\($0)", reason: long) }, problem: long,
            repair: RolesReport.Alteration(time: "t", count: 1000, roles: (0..<1000).map { "\($0) \(long)" }))
        let annotation = record.annotation
        #expect(annotation.utf8.count < 32 << 10)
        let read = try #require(MemberRecord(annotation: annotation))
        #expect(read.roles == record.roles)
        #expect(read.roles?.failing.count == RolesReport.maximumCount)
        #expect(read.roles?.failing[0].reason.hasSuffix("…") == true)
    }

    @Test(arguments: [#"{}"#, #"{"revision":"r"}"#, #"{"revision":"r","declared":"x","ready":1}"#, "7", "[]", "null"])
    func `what says of no list how far it is says nothing`(roles: String) throws {
        let record = try #require(MemberRecord(annotation: #"{"state":"running","roles":\#(roles)}"#))
        #expect(record.roles == nil)
    }

    @Test func `what somebody wrote into a leader's report by hand is one that a status can have`() throws {
        let text = #"""
            {"state":"running","roles":{"revision":"r","declared":99999,"ready":-7,
             "failing":[{"role":"a","reason":"x"},{"role":"a","reason":"y"},{"role":"b","reason":"z"}],
             "repair":{"time":"t","count":-1,"roles":["a"]},"adoption":{"time":"t","count":5000,"roles":[]}}}
            """#
        let roles = try #require(MemberRecord(annotation: text)?.roles)
        #expect(roles.declared == 1024 && roles.ready == 0)
        #expect(roles.failing == [.init(role: "a", reason: "x"), .init(role: "b", reason: "z")])
        #expect(roles.repair?.count == 0 && roles.adoption?.count == 1024)
        // Two names that are the same once they are cut off.
        let long = String(repeating: "n", count: 300)
        let cut = try #require(
            MemberRecord(
                annotation: #"{"roles":{"revision":"r","declared":1,"ready":5,"failing":["#
                    + #"{"role":"\#(long)a","reason":"x"},{"role":"\#(long)b","reason":"x"}]}}"#)?.roles)
        #expect(cut.failing.count == 1 && cut.ready == 1)
    }

    private static func secret(_ values: [String: String]) -> Secret {
        Secret(metadata: ObjectMeta(name: "alice"), data: values.mapValues { Secret.encoded($0) })
    }

    @Test(arguments: [
        (["username": "alice", "password": "se'sa\\me"], "password", "se'sa\\me"),
        (["username": "alice", "password": " é\u{1F418} "], "password", " é\u{1F418} "),
        (["alice": "one", "bob": "two"], "bob", "two"),
        (["username": "bob", "alice.key": "one"], "alice.key", "one"),
    ])
    func `a Secret has the password behind the key that is asked for`(
        _ values: [String: String], _ key: String, _ password: String
    ) throws {
        #expect(try Self.secret(values).password(behind: key, for: "alice") == password)
    }

    @Test(arguments: [
        ([:], "password", "there is no username"),
        (["password": "x"], "password", "there is no username; it must be alice, or name another key than password"),
        (["username": "bob", "password": "x"], "password", "username must be alice"),
        (["username": "alice\n", "password": "x"], "password", "username must be alice"),
        (["username": "alice"], "password", "there is no password"),
        (["username": "alice", "password": ""], "password", "password is empty"),
        (["username": "alice", "password": "two\nlines"], "password", "password must be one line"),
        (["username": "alice", "password": "x\r\n"], "password", "without a line break at its end"),
        (["username": "alice", "password": "x\n"], "password", "without a line break at its end"),
        (["username": "alice", "password": "a\u{0}b"], "password", "password must be one line"),
        (["bob": "x"], "alice", "there is no alice"),
        (["alice": ""], "alice", "alice is empty"),
        (["alice": String(repeating: "x", count: 1001)], "alice", "longer than 1000 bytes"),
    ])
    func `a Secret nobody can use is refused with what it must have, and without what it holds`(
        _ values: [String: String], _ key: String, _ message: String
    ) {
        let error = #expect(throws: RefusedSecret.self) {
            try Self.secret(values).password(behind: key, for: "alice")
        }
        #expect(error?.description.hasPrefix("Secret alice: ") == true)
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("bob") != true || values["bob"] != nil)
    }

    @Test func `bytes that are no text are refused`() {
        let secret = Secret(metadata: ObjectMeta(name: "alice"), data: ["alice": "//8="])
        let error = #expect(throws: RefusedSecret.self) { try secret.password(behind: "alice", for: "alice") }
        #expect(error?.description == "Secret alice: alice is not text in UTF-8")
    }
}
