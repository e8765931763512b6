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
                "host all all all ldap ldapbindpasswd=\"s3 cret\" a=b",
                "host all all all ldap ldapbindpasswd=(hidden) a=b"
            ),
            (
                "host all all all ldap \"ldapbindpasswd=s3 cret\" a=b",
                "host all all all ldap \"ldapbindpasswd=(hidden)\" a=b"
            ),
            ("host all all all radius radiussecrets=\"s3\"\"cret\"", nil),
            ("host all all all radius radiusservers=r radiussecrets=s3cret", nil),
            ("host all all all ldap ldapbindpasswd=s3cret ldapbindpasswd=s3cret", nil),
            ("host all all all ldap ldapbindpasswd=s3cret", nil), ("ldapbindpasswd=s3cret", nil),
            ("local all all peer map=a", "local all all peer map=a"), ("", ""), ("ldapbindpasswd", "ldapbindpasswd"),
        ] as [(String, String?)])
    func `a line shows no password`(line: String, shown: String?) {
        let text = Secrecy.shown(line: line)
        if let shown { #expect(text == shown) }
        #expect(!text.contains("s3cret") && !text.contains("s3 cret"))
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
