import SeededChance
import Testing

@testable import PostgresConfiguration

struct AuthenticationTests {
    @Test(arguments: [
        "host all all all scram-sha-256", "local all postgres peer", "host all all 10.0.0.0/8 md5", "# a comment", "",
        "hostssl  \"my db\",other  +group,@file  2001:db8::/32  cert clientcert=verify-full",
        "host all all 192.168.0.1 255.255.255.255 trust", "host replication rep samenet scram-sha-256",
        "host all all .example.com gss", "hostnossl all all ::1/128 reject # not in clear",
        "host all all ::ffff:1.2.3.4/128 reject", "host\tall\tall\t0.0.0.0/0\tldap ldapserver=x ldapprefix=\"cn=\"",
        "local db1, db2 all trust",
    ])
    func `a rule PostgreSQL understands is accepted as it is`(line: String) throws {
        #expect(try HBARule.parse(line).get().text == line)
    }

    @Test(arguments: [
        ("hosts all all all trust", "the connection type must be one of local, host"),
        ("host", "the database is missing"),
        ("host all", "the user is missing"),
        ("host all all", "the address is missing"),
        ("host all all all", "the authentication method is missing"),
        ("host all all 10.0.0.1 md5", "address 10.0.0.1 needs a prefix length or a mask, such as 10.0.0.1/32"),
        ("host all all 10.0.0.0/33 md5", "prefix length \"33\" is not between 0 and 32"),
        ("host all all 10.0.0.256/8 md5", "\"10.0.0.256/8\" is neither an address, a network nor a host name"),
        ("host all all 1:2:3/64 md5", "is neither an address, a network nor a host name"),
        ("host all all 10.0.0 md5", "is neither an address, a network nor a host name"),
        ("host all all all scram-sha-265", "\"scram-sha-265\" is no authentication method"),
        ("host all all all peer", "peer authentication works on local rules only"),
        ("host all all all cert", "cert authentication works on hostssl rules only"),
        ("local all all scram-sha-256 extra", "option \"extra\" is not of the form name=value"),
        ("local all \"all trust", "has a quote that is never closed"),
        ("local all, ", "ends with a comma"),
        ("local ,all x trust", "has a comma without a name before it"),
        ("local all all trust\nhost all all all trust", "is more than one line"),
    ])
    func `an unparsable rule is refused with line and reason`(line: String, reason: String) throws {
        let problem = try #require(PostgresSettings.problems(parameters: [:], hba: ["# fine", line]).first)
        #expect(problem.field == "pg_hba[1]")
        #expect(problem.value == line)
        #expect(problem.rule.contains(reason), "\(problem.rule)")
    }

    @Test func `a map has three fields, and ours is reserved`() {
        #expect(throws: Never.self) { try IdentMapping.parse("staff /^(.*)@x$ \\1").get() }
        #expect {
            try IdentMapping.parse("staff root").get()
        } throws: {
            ($0 as? HBARule.ParseFailure)?.reason
                == "is not a pg_ident mapping: map name, system user and database user are needed, 2 fields were found"
        }
        #expect(throws: HBARule.ParseFailure.self) { try IdentMapping.parse("matriarch root postgres").get() }
    }

    @Test func `random lines never trap`() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("host local all\t\"\",,#@/.:0129afF+=-scram-sha-256 é\u{0}\n".unicodeScalars)
        for _ in 0..<20_000 {
            var line = "host "
            for _ in 0..<Int(random.next() % 40) {
                line.unicodeScalars.append(alphabet[Int(random.next() % UInt64(alphabet.count))])
            }
            if case .success(let rule) = HBARule.parse(line) { #expect(!rule.text.contains("\n")) }
        }
    }
}
