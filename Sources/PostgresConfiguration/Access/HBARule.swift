/// One line of `pg_hba.conf`, checked against PostgreSQL's grammar.
///
/// The text is kept as the user wrote it: rendering never rewrites a rule.
public struct HBARule: Hashable, Sendable {
    public let text: String

    /// What users get when they say nothing: password authentication for everybody.
    public static let defaultLines = [
        "local all all scram-sha-256",
        "host all all all scram-sha-256",
    ]

    /// Why a line is refused.
    public struct ParseFailure: Error, Hashable, Sendable {
        public let reason: String
    }

    /// Reads one line; comments and blank lines are rules that match nothing.
    ///
    /// - Parameter version: of the server; nil: not known, and every method is admitted.
    public static func parse(_ line: String, version: ServerVersion? = nil) -> Result<HBARule, ParseFailure> {
        do {
            try check(line, version)
            return .success(HBARule(text: line))
        } catch {
            return .failure(error)
        }
    }

    private static let connectionTypes = ["local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"]
    private static let methods: Set<String> = [
        "trust", "reject", "scram-sha-256", "md5", "password", "gss", "sspi", "ident", "peer", "ldap", "radius", "cert",
        "pam", "bsd", "oauth",
    ]
    /// The version a method came with; all others are older than 13.
    private static let arrivals = ["oauth": 18]

    private static func check(_ line: String, _ version: ServerVersion?) throws(ParseFailure) {
        var fields = try AuthenticationLine.fields(of: line)[...]
        guard let type = fields.popFirst() else { return }
        guard connectionTypes.contains(type.text) else {
            throw ParseFailure(
                reason:
                    "is not a pg_hba rule: the connection type must be one of \(connectionTypes.joined(separator: ", "))"
            )
        }
        for name in ["database", "user"] {
            guard fields.popFirst() != nil else {
                throw ParseFailure(reason: "is not a pg_hba rule: the \(name) is missing")
            }
        }
        if type.text != "local" {
            guard let address = fields.popFirst() else {
                throw ParseFailure(reason: "is not a pg_hba rule: the address is missing")
            }
            if try needsMask(address) {
                guard let mask = fields.popFirst(), NetworkAddress(mask.text) != nil else {
                    throw ParseFailure(
                        reason:
                            "is not a pg_hba rule: address \(address.text) needs a prefix length or a mask, such as "
                            + "\(address.text)/32")
                }
            }
        }
        guard let method = fields.popFirst() else {
            throw ParseFailure(reason: "is not a pg_hba rule: the authentication method is missing")
        }
        guard methods.contains(method.text) else {
            throw ParseFailure(
                reason: "is not a pg_hba rule: \"\(method.text)\" is no authentication method; one of "
                    + methods.sorted().joined(separator: ", "))
        }
        if let version, let first = arrivals[method.text], version.major < first {
            throw ParseFailure(
                reason: "names the method \(method.text), which came with PostgreSQL \(first); the server is "
                    + "\(version.major)")
        }
        if method.text == "peer" && type.text != "local" {
            throw ParseFailure(reason: "is not a pg_hba rule: peer authentication works on local rules only")
        }
        if method.text == "cert" && type.text != "hostssl" {
            throw ParseFailure(reason: "is not a pg_hba rule: cert authentication works on hostssl rules only")
        }
        for option in fields where !(option.text.contains("=") && option.text.first != "=") {
            throw ParseFailure(
                reason: Secrecy.shown(
                    message: "is not a pg_hba rule: option \"\(option.text)\" is not of the form name=value",
                    ofLine: line))
        }
    }

    private static func needsMask(_ address: AuthenticationLine.Field) throws(ParseFailure) -> Bool {
        if !address.isQuoted && ["all", "samehost", "samenet"].contains(address.text) { return false }
        let parts = address.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let network = NetworkAddress(String(parts[0])) else {
            // A host name, or a suffix such as .example.com.
            guard parts.count == 1, isHostName(address.text) else {
                throw ParseFailure(
                    reason: "is not a pg_hba rule: \"\(address.text)\" is neither an address, a network nor a host name"
                )
            }
            return false
        }
        guard parts.count == 2 else { return true }
        guard let length = Int(parts[1]), (0...network.bits).contains(length) else {
            throw ParseFailure(
                reason: "is not a pg_hba rule: prefix length \"\(parts[1])\" is not between 0 and \(network.bits)")
        }
        return false
    }

    /// Letters, digits, dots, hyphens and underscores; one made of digits and dots only is a mistyped address.
    private static func isHostName(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                    || "-._".unicodeScalars.contains($0)
            } && !text.unicodeScalars.allSatisfy { ("0"..."9").contains($0) || $0 == "." }
    }
}
