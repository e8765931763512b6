import PostgresConfiguration
import Testing

@Suite struct SecrecyTests {
    @Test(
        arguments: [
            (
                "host all all 10.0.0.0/8 ldap ldapserver=l ldapbindpasswd=s3cret ldapbasedn=x",
                "host all all 10.0.0.0/8 ldap ldapserver=l ldapbindpasswd=(hidden) ldapbasedn=x"
            ),
            (
                "host all all all ldap ldapbindpasswd=\"s3 cret\" map=b",
                "host all all all ldap ldapbindpasswd=(hidden) map=b"
            ),
            (
                "host all all all ldap \"ldapbindpasswd=s3 cret\" map=b",
                "host all all all ldap \"ldapbindpasswd=(hidden)\" map=b"
            ),
            ("host all all all radius radiussecrets=\"s3\"\"cret\"", nil),
            // Without the quotation marks it would need.
            ("host all all all ldap ldapbindpasswd=my s3cret", "host all all all ldap ldapbindpasswd=(hidden)"),
            (
                "host all all all ldap ldapbindpasswd=my s3cret=1, s3cret ldapserver=l",
                "host all all all ldap ldapbindpasswd=(hidden) ldapserver=l"
            ),
            ("host all all all radius radiusservers=r radiussecrets=s3cret", nil),
            // No rule, but a text with one in it, of which the rest is worth reading.
            (
                #"{"config": "host all all all ldap ldapbindpasswd=s3cret map=m", "a": 1}"#,
                #"{"config": "host all all all ldap ldapbindpasswd=(hidden) map=m", "a": 1}"#
            ), ("said: ldapbindpasswd=s3cret in a line", "said: ldapbindpasswd=(hidden) in a line"),
            ("host all all all ldap ldapbindpasswd=s3cret ldapbindpasswd=s3cret", nil),
            ("host all all all ldap ldapbindpasswd=s3cret", nil), ("ldapbindpasswd=s3cret", nil),
            ("local all all peer map=a", "local all all peer map=a"), ("", ""), ("ldapbindpasswd", "ldapbindpasswd"),
        ] as [(String, String?)])
    func `a line shows no password`(line: String, shown: String?) {
        let text = Secrecy.shown(line: line)
        if let shown { #expect(text == shown) }
        #expect(!text.contains("s3cret") && !text.contains("s3 cret"))
    }

    @Test(
        arguments: [
            (
                "authentication option not in name=value format: s3cret",
                "authentication option not in name=value format: (hidden)"
            ),
            ("unrecognized option name: \"s3cret\"", "unrecognized option name: \"(hidden)\""),
            ("unrecognized option name: \"x\"", "unrecognized option name: \"(hidden)\""),
            ("is wrong: s3cret (in a word)", "is wrong: (hidden)"), ("s3cret is wrong", "(hidden) is wrong"),
            (
                "authentication method \"ldap\" requires argument \"ldapserver\" to be set",
                "authentication method \"ldap\" requires argument \"ldapserver\" to be set"
            ),
        ])
    func `what is said of a line shows no part of its password`(message: String, shown: String) {
        let line = "host all all all ldap ldapbindpasswd=my s3cret x=1"
        #expect(Secrecy.shown(message: message, ofLine: line) == shown)
        #expect(Secrecy.shown(message: message, ofLine: "host all all all ldap") == message)
    }

    @Test func `a line that is refused for a password without quotation marks is told without it`() {
        do {
            _ = try PostgresSettings(clusterName: "demo", hba: ["host all all all ldap ldapbindpasswd=my s3cret"])
            Issue.record("the line is taken")
        } catch {
            #expect(error.problems.count == 1)
            #expect(!"\(error)".contains("s3cret"), "\(error)")
        }
    }

    @Test(arguments: [
        ("archive_command", "cp %p x"), ("primary_conninfo", "host=a"), ("pgaudit.secret_file", "x"),
        ("ssl_passphrase_command", "echo x"), ("log_line_prefix", "password = x"),
        ("foo.url", "https://user:x@host/"),
    ])
    func `a parameter that may hold a password is hidden`(name: String, value: String) {
        #expect(Secrecy.shown(value, of: name) == Secrecy.hidden)
        #expect(!ConfigurationProblem(field: "parameters.\(name)", value: value, rule: "r").description.contains(value))
    }

    @Test(arguments: [
        ("work_mem", "8MB"), ("shared_preload_libraries", "pg_stat_statements"), ("log_destination", "stderr"),
        ("foo.url", "https://host:5432/"),
    ])
    func `others are shown`(name: String, value: String) {
        #expect(Secrecy.shown(value, of: name) == value)
    }
}
