/// What is shown of settings that may hold a password: in logs, answers and messages, never in the files of a server.
public enum Secrecy {
    /// Stands for what is not shown.
    public static let hidden = "(hidden)"

    /// Options of `pg_hba.conf` that hold one (PostgreSQL, "Client Authentication").
    private static let secretOptions = ["ldapbindpasswd", "radiussecrets"]
    private static let ruleTypes = ["local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"]
    /// The others, of all versions: whatever else follows a secret is taken for more of it.
    private static let plainOptions: Set<String> = [
        "map", "clientcert", "clientname", "pamservice", "pam_use_hostname", "include_realm", "krb_realm",
        "compat_realm", "upn_username", "ldapserver", "ldapport", "ldaptls", "ldapscheme", "ldapprefix", "ldapsuffix",
        "ldapbasedn", "ldapbinddn", "ldapsearchattribute", "ldapsearchfilter", "ldapurl", "radiusservers",
        "radiusports", "radiusidentifiers", "issuer", "scope", "validator", "delegate_ident_mapping",
    ]
    /// Parts of the names of parameters, of ours and of extensions, that hold one: passwords, and commands and connection
    /// strings, in which people write them.
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

    /// What is said of a line of `pg_hba.conf`, without what may be a part of a password in it.
    public static func shown(message: String, ofLine line: String) -> String {
        guard let start = secretOptions.compactMap({ line.firstRange(of: $0)?.upperBound }).min() else {
            return message
        }
        let secret = line[start...].filter { $0 != "\"" }
        let words = line[start...].split { " \t,=\"".contains($0) }.filter { word in
            !plainOptions.contains(String(word)) && !secretOptions.contains(String(word))
        }
        func isTold(by text: some StringProtocol) -> Bool {
            !text.isEmpty && (secret.contains(text) || words.contains { text.contains($0) })
        }
        // What is quoted, and what is said at the end without quotation marks.
        let parts = message.split(separator: "\"", omittingEmptySubsequences: false).enumerated().map { index, part in
            guard index.isMultiple(of: 2) else { return isTold(by: part) ? hidden : String(part) }
            guard let colon = part.firstRange(of: ": "), isTold(by: part[colon.upperBound...]) else {
                return String(part)
            }
            return part[..<colon.upperBound] + hidden
        }
        return words.filter { $0.count > 3 }.reduce(parts.joined(separator: "\"")) { text, word in
            text.replacing(word, with: hidden)
        }
    }

    /// A line of `pg_hba.conf` with the values of its secret options hidden, in quotation marks or without.
    ///
    /// In a line that is such a rule, and not some text with one in it, all up to the next option counts as the value.
    public static func shown(line: String) -> String {
        let first = line.drop { " \t-\"'".contains($0) }.prefix { $0.isLetter }
        let isRule = ruleTypes.contains(String(first))
        return secretOptions.reduce(line) { line, option in
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
                if isRule { rest = fromNextOption(rest) }
            }
            return shown + rest
        }
    }

    /// Without words that are no option: the value before them has blanks or commas, and no quotation marks.
    private static func fromNextOption(_ text: Substring) -> Substring {
        var rest = text
        while true {
            let word = rest.drop { $0 == " " || $0 == "\t" }
            guard !word.isEmpty else { return word }
            let name = word.drop { $0 == "\"" }.prefix { $0.isLetter || $0 == "_" }
            let isOption = plainOptions.contains(String(name)) || secretOptions.contains(String(name))
            if isOption, word.drop(while: { $0 == "\"" }).dropFirst(name.count).first == "=" { return rest }
            rest = word.drop { $0 != " " && $0 != "\t" }
        }
    }
}
