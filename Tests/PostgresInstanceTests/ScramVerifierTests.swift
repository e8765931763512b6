import Testing

@testable import PostgresClient

/// What a server keeps of a password, compared with what libpq makes of it.
@Suite struct ScramVerifierTests {
    @Test(arguments: [
        "x", "pencil", "it's \\ \"two\"", "Lösung", "пароль", "密码", "\u{1F418}", String(repeating: "long ", count: 40),
    ])
    func `a verifier is of the password it was made from, and of no other`(password: String) throws {
        let verifier = try ScramVerifier.make(password: password, user: "alice")
        #expect(ScramVerifier.matches(password, verifier))
        #expect(!ScramVerifier.matches(password + " ", verifier))
        #expect(!ScramVerifier.matches("", verifier))
    }

    /// SASLprep makes another text of these; what follows is that the verifier is written again, once.
    @Test(arguments: ["\u{FF21}", "soft\u{00AD}hyphen"])
    func `of a password that SASLprep changes this says no rather than yes`(password: String) throws {
        #expect(!ScramVerifier.matches(password, try ScramVerifier.make(password: password, user: "alice")))
    }

    @Test(arguments: [
        "", "x", "md5x", "SCRAM-SHA-256$", "SCRAM-SHA-256$4096:c2FsdA==$", "SCRAM-SHA-256$4096:c2FsdA==$AAAA",
        "SCRAM-SHA-256$0:c2FsdA==$AAAA:AAAA", "SCRAM-SHA-256$-1:c2FsdA==$AAAA:AAAA",
        "SCRAM-SHA-256$2147483647:c2FsdA==$AAAA:AAAA", "SCRAM-SHA-256$99999999999999999999:c2FsdA==$AAAA:AAAA",
        "SCRAM-SHA-256$4:c2FsdA$AAAA:AAAA",
        "SCRAM-SHA-256$4:====$AAAA:AAAA", "SCRAM-SHA-512$4:c2FsdA==$AAAA:AAAA", "SCRAM-SHA-256$4:c2F!dA==$AAAA:AAAA",
    ])
    func `what is no verifier is nobody's`(text: String) {
        #expect(!ScramVerifier.matches("x", text))
    }
}
