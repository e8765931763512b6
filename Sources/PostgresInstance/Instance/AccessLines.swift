import PostgresClient
import PostgresConfiguration
import ServerControl

/// The lines of `pg_hba.conf` and `pg_ident.conf`, the user's last in each, as a server finds them on disk.
struct AccessLines {
    let hostBasedAuthentication: String
    let userNameMaps: String
    let settings: PostgresSettings
    let version: ServerVersion

    /// Whether a server of this version says anything of the maps before it uses them.
    static func tellsUserNameMaps(_ version: ServerVersion) -> Bool { version.major >= 15 }

    /// What the server cannot read of them. It reads both files anew for this, and uses nothing of them.
    func errors(over connection: PostgresConnection, deadline: Duration) async throws -> [ConfigurationFileError] {
        // A rule that only never matches, such as hostssl without TLS, has a remark in the same column, and all else beside it.
        var query =
            "SELECT 'rule', line_number, error FROM pg_hba_file_rules() WHERE error IS NOT NULL AND type IS NULL"
        if Self.tellsUserNameMaps(version) {
            query +=
                " UNION ALL SELECT 'map', line_number, error FROM pg_ident_file_mappings() WHERE error IS NOT NULL"
        }
        return try await connection.query("\(query) ORDER BY 1 DESC, 2", deadline: deadline).rows.compactMap { row in
            guard row.count == 3, let message = row[2] else { return nil }
            let number = row[1].flatMap { Int($0) }
            let line = row[0] == "map" ? number.flatMap(map) : number.flatMap(rule)
            return ConfigurationFileError(
                parameter: nil, file: line == nil ? file(ofMaps: row[0] == "map") : nil, line: line,
                message: shown(message, of: line))
        }
    }

    private func file(ofMaps isOfMaps: Bool) -> String { isOfMaps ? "pg_ident.conf" : "pg_hba.conf" }

    private func rule(_ number: Int) -> ConfigurationFileError.UserLine? {
        index(of: number, in: hostBasedAuthentication, lines: settings.hostBasedAuthentication.count)
            .map { .hostBasedAuthentication($0) }
    }

    private func map(_ number: Int) -> ConfigurationFileError.UserLine? {
        index(of: number, in: userNameMaps, lines: settings.userNameMaps.count).map { .userNameMap($0) }
    }

    /// Which of the user's lines, which stand last in a file, has this number; nil: none.
    private func index(of number: Int, in text: String, lines count: Int) -> Int? {
        let index = number - 1 - (text.count { $0 == "\n" } - count)
        return (0..<count).contains(index) ? index : nil
    }

    /// Without a part of a password that the line has.
    private func shown(_ message: String, of line: ConfigurationFileError.UserLine?) -> String {
        guard case .hostBasedAuthentication(let index)? = line,
            settings.hostBasedAuthentication.indices.contains(index)
        else { return message }
        return Secrecy.shown(message: message, ofLine: settings.hostBasedAuthentication[index].text)
    }
}
