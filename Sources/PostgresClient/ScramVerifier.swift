import CLibPQ

/// What a server keeps of a password: it tells who knows that, and is not the password.
public enum ScramVerifier {
    /// Makes one here, so that the password itself reaches no server and no log of one. Costs a few milliseconds.
    ///
    /// For where there is no session; ``PostgresConnection/scramVerifier(password:user:)`` goes by the server's settings.
    ///
    /// - Throws: ``PostgresError`` when libpq has no memory or no random numbers.
    public static func make(password: String, user: String) throws(PostgresError) -> String {
        // libpq wants a session to complain in; this one never begins: there is no such keyword.
        guard let session = PQconnectStart("matriarch=1") else {
            throw PostgresError(.unexpectedAnswer, "cannot make a SCRAM verifier: libpq is out of memory")
        }
        defer { PQfinish(session) }
        return try make(password: password, user: user, in: session)
    }

    static func make(
        password: String, user: String, in session: OpaquePointer
    ) throws(PostgresError) -> String {
        guard let verifier = PQencryptPasswordConn(session, password, user, "scram-sha-256") else {
            throw PostgresError(.unexpectedAnswer, "cannot make a SCRAM verifier: \(LibPQ.message(session))")
        }
        defer { PQfreemem(verifier) }
        return String(cString: verifier)
    }
}
