/// What is shown of settings that may hold a password: in logs, answers and messages, never in the files of a server.
public enum Secrecy {
    /// Stands for what is not shown.
    public static let hidden = "(hidden)"

    /// Options of `pg_hba.conf` that hold one (PostgreSQL, "Client Authentication").
    private static let secretOptions = ["ldapbindpasswd", "radiussecrets"]
    /// Parts of the names of parameters, of ours and of extensions, that hold one: passwords, and commands and connection strings,
    /// in which people write them.
    public static let secretWords = [
        "passw", "passfile", "passphrase", "_pass", "pwd", "secret", "token", "credential", "conninfo", "_command",
        "api_key", "apikey", "api-key",
    ]

    /// Whether the value of this setting is shown at all.
    ///
    /// - Parameter name: of a parameter of the server, or a key of the stored configuration.
    public static func hides(_ name: String) -> Bool {
        let name = name.lowercased()
        return secretWords.contains { name.contains($0) }
    }

    /// The value as it may be shown: one that holds a password by its form is hidden whatever it is called.
    public static func shown(_ value: String, of name: String) -> String {
        hides(name) || holdsPassword(value) ? hidden : value
    }

    /// `password=x` of a connection string, `user:x@host` of a URL.
    private static func holdsPassword(_ value: String) -> Bool {
        value.contains(/(?i)passw[a-z]*\s*=/) || value.contains(/:\/\/[^\/@\s:]+:[^\/@\s]+@/)
    }

    /// A line of `pg_hba.conf` with the values of its secret options hidden, in quotation marks or without.
    public static func shown(line: String) -> String {
        secretOptions.reduce(line) { line, option in
            var shown = ""
            var rest = line[...]
            while let found = rest.firstRange(of: option) {
                shown += rest[..<found.upperBound]
                rest = rest[found.upperBound...]
                // `name = value`, `name="a b"`, `"name=a b"`: whatever follows up to the end of the option.
                let isQuotedWhole = shown.dropLast(option.count).last == "\""
                guard let sign = rest.firstIndex(where: { $0 != " " && $0 != "\"" }), rest[sign] == "=" else {
                    continue
                }
                shown += "=" + hidden + (isQuotedWhole ? "\"" : "")
                var isInQuotes = isQuotedWhole
                rest = rest[rest.index(after: sign)...].drop { $0 == " " }.drop { character in
                    if character == "\"" { isInQuotes.toggle() }
                    return isInQuotes || character != " " && character != "\t"
                }
            }
            return shown + rest
        }
    }
}
