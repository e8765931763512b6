public import PostgresClient

/// Where and as whom a writer writes.
public struct WriteTarget: Sendable {
    public let host: String
    public let port: Int
    public let user: String
    public let database: String
    public let password: PasswordFile

    public init(host: String, port: Int = 5432, user: String, database: String = "postgres", password: PasswordFile) {
        self.host = host
        self.port = port
        self.user = user
        self.database = database
        self.password = password
    }

    /// The same account at another address, such as one Pod's.
    public func at(host: String, port: Int? = nil) -> WriteTarget {
        WriteTarget(host: host, port: port ?? self.port, user: user, database: database, password: password)
    }

    func parameters(statementTimeout: Duration? = nil) -> ConnectionParameters {
        ConnectionParameters(
            address: .host(host), port: port, user: user, database: database, passwordFile: password.path,
            applicationName: "matriarch-lab", statementTimeout: statementTimeout)
    }

    /// Runs one statement in a session of its own.
    public func query(
        _ sql: String, parameters values: [String?] = [], deadline: Duration = .seconds(5)
    ) async throws(PostgresError) -> QueryResult {
        let connection = try await PostgresConnection.open(parameters(), deadline: deadline)
        let result = try await connection.query(sql, parameters: values, deadline: deadline)
        await connection.close()
        return result
    }
}
