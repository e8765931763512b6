import Units

/// A value of PostgreSQL's `synchronous_standby_names`: how many of which standbys confirm a commit.
public struct SynchronousStandbyNames: Hashable, Sendable {
    public enum Method: String, Hashable, Sendable {
        /// `ANY k (…)`: whichever k are fastest.
        case any = "ANY"
        /// `k (…)`: the first k of the list that are connected.
        case first = "FIRST"
    }

    public var method: Method
    /// How many standbys confirm; 0 only in ``none``.
    public var count: Int
    /// In order of priority for ``Method/first``. Rendered as given.
    public var names: [String]

    public init(_ method: Method, _ count: Int, of names: [String]) {
        self.method = method
        self.count = count
        self.names = names
    }

    /// Commits wait for nobody.
    public static let none = SynchronousStandbyNames(.first, 0, of: [])

    /// A name no member can have, Patroni's: waiting for it means that commits wait until there is a standby.
    public static let placeholder = "__patroni_strict_sync_replica_placeholder__"

    /// Commits wait until somebody else is named. Never `*`: that would let any walreceiver confirm.
    public static let blocking = SynchronousStandbyNames(.first, 1, of: [placeholder])

    /// Standbys that can confirm.
    public var standbys: Set<String> { Set(names).subtracting([Self.placeholder]) }

    /// Two values that let the same sets of standbys confirm.
    public func meansTheSame(as other: SynchronousStandbyNames) -> Bool {
        standbys == other.standbys && count == other.count && (method == other.method || count >= names.count)
    }
}

extension SynchronousStandbyNames: LosslessStringConvertible {
    /// As PostgreSQL takes it: `ANY 1 ("a","b")`, `2 ("a","b")`, empty for ``none``.
    public var description: String {
        guard count > 0 else { return "" }
        let list = names.map { "\"" + $0.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\"" }
        return (method == .any ? "ANY " : "") + "\(count) (" + list.joined(separator: ",") + ")"
    }

    /// Reads PostgreSQL's grammar: `ANY k (list)`, `FIRST k (list)`, `k (list)`, a bare list (the first one confirms).
    ///
    /// nil for anything else, and for a list with `*`, of which nobody can tell whom it lets confirm.
    public init?(_ text: String) {
        var scanner = Scanner(text)
        var tokens: [Token] = []
        while let token = scanner.next() { tokens.append(token) }
        guard scanner.isAtEnd else { return nil }
        if tokens.isEmpty {
            self = .none
            return
        }
        var rest = tokens[...]
        var method = Method.first
        var count: Int?
        // A word before a number is the method; alone it may be a standby of that name.
        if case .word(let word, isQuoted: false) = rest.first, rest.count > 2,
            case .word(let number, _) = rest.dropFirst().first,
            let named = Method(rawValue: word.uppercased()), let value = Int(number)
        {
            (method, count) = (named, value)
            rest = rest.dropFirst(2)
        } else if case .word(let number, isQuoted: false) = rest.first, let value = Int(number),
            rest.dropFirst().first == .open
        {
            count = value
            rest = rest.dropFirst()
        }
        if count != nil {
            guard rest.first == .open, rest.last == .close else { return nil }
            rest = rest.dropFirst().dropLast()
        }
        var names: [String] = []
        while let token = rest.popFirst() {
            guard case .word(let name, let isQuoted) = token, isQuoted || name != "*" else { return nil }
            names.append(isQuoted ? name : name.lowercased())
            guard let comma = rest.popFirst() else { break }
            guard comma == .comma, !rest.isEmpty else { return nil }
        }
        guard !names.isEmpty, (count ?? 1) > 0 else { return nil }
        self.init(method, count ?? 1, of: names)
    }

    private enum Token: Hashable {
        case open, close, comma
        case word(String, isQuoted: Bool)
    }

    /// Splits into parentheses, commas and words; stops, not at the end, at what is none of them.
    private struct Scanner {
        private var rest: Substring

        init(_ text: String) { rest = text[...] }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func next() -> Token? {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            switch rest.first {
            case nil: return nil
            case "(": return single(.open)
            case ")": return single(.close)
            case ",": return single(.comma)
            case "\"": return quoted()
            case _?:
                let word = rest.prefix { !" \t(),\"".contains($0) }
                rest = rest.dropFirst(word.count)
                return .word(String(word), isQuoted: false)
            }
        }

        private mutating func single(_ token: Token) -> Token {
            rest = rest.dropFirst()
            return token
        }

        private mutating func quoted() -> Token? {
            var name = ""
            var remainder = rest.dropFirst()
            while let character = remainder.popFirst() {
                if character != "\"" {
                    name.append(character)
                } else if remainder.first == "\"" {
                    name.append("\"")
                    remainder = remainder.dropFirst()
                } else {
                    rest = remainder
                    return .word(name, isQuoted: true)
                }
            }
            return nil
        }
    }
}
