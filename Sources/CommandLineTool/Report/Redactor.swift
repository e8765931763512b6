import KubernetesModels
import PostgresConfiguration

/// Takes secrets out of what is handed to strangers.
///
/// Whatever is called like a password, looks like one, or is a value that is known to be one. It hides too much rather than
/// too little.
struct Redactor {
    /// Known values in the forms in which they are written, longest first: one may contain another.
    private let known: [String]

    /// - Parameter secrets: values of Secrets and of settings that may hold one; what is too short to be told from other text
    ///   is left.
    init(secrets: some Sequence<String>) {
        var forms: Set<String> = []
        for secret in secrets {
            let lines = secret.split(whereSeparator: \.isNewline).map(String.init)
            // Of several lines each stands alone in a log.
            for text in Set(lines + [secret, lines.joined()]) where text.count >= Self.minimumLength {
                forms.formUnion(Self.forms(of: text))
            }
        }
        known = forms.sorted { ($0.count, $0) > ($1.count, $1) }
    }

    private static let minimumLength = 6

    /// As it is, and as JSON, SQL, connection strings, URLs and Secrets write it.
    private static func forms(of text: String) -> [String] {
        [
            text, text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""), text.replacing("'", with: "''"),
            text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"),
            text.replacing("\\", with: "\\\\").replacing("'", with: "''"), text.replacing("\"", with: "\"\""),
            String(JSONValue.string(text).serialized().dropFirst().dropLast()), Secret.encoded(text),
            percentEncoded(text),
        ]
    }

    /// - Parameter key: what the value is called; nil for the whole.
    func value(_ value: JSONValue, called key: String? = nil) -> JSONValue {
        switch value {
        case .null, .bool: value
        case .int, .double: hides(key) ? .string(Secrecy.hidden) : value
        case .string(let text): .string(hides(key) ? Secrecy.hidden : string(text))
        case .array(let elements): array(elements, called: key)
        case .object(let members):
            if hides(key), !Self.references.contains(key ?? "") {
                .object(members.mapValues(Self.hidden))
            } else {
                .object(
                    Dictionary(
                        uniqueKeysWithValues: members.compactMap { name, member -> (String, JSONValue)? in
                            // Long, and it holds nothing anybody asks about.
                            name == "managedFields" ? nil : (name, self.value(member, called: name))
                        }))
            }
        }
    }

    /// Below a name that hides, nothing is shown whatever it is called itself.
    private static func hidden(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool: value
        case .int, .double, .string: .string(Secrecy.hidden)
        case .array(let elements): .array(elements.map(hidden))
        case .object(let members): .object(members.mapValues(hidden))
        }
    }

    private func array(_ elements: [JSONValue], called key: String?) -> JSONValue {
        var shown: [JSONValue] = []
        var flag: String?
        for element in elements {
            switch element {
            // An argument that says what the next one is.
            case .string(let text) where flag.map { Self.announces($0, text) } ?? false:
                shown.append(Self.hidden(element))
            case .object where key == "env" && element["value"] != nil:
                // A variable of a container may be a secret whatever it is called.
                var hidden = value(element)
                hidden["value"] = .string(Secrecy.hidden)
                shown.append(hidden)
            case _: shown.append(value(element, called: key))
            }
            flag = element.stringValue
        }
        return .array(shown)
    }

    /// Whether an argument such as `--password`, or curl's `-u`, says that the next is none to be shown.
    private static func announces(_ flag: String, _ next: String) -> Bool {
        guard flag.hasPrefix("-"), !flag.contains("=") else { return false }
        return Secrecy.hides(flag) || ["-u", "--user"].contains(flag) && next.contains(":")
    }

    /// Fields of Kubernetes that are called like a secret and say where one is.
    private static let references: Set<String> = [
        "secretKeyRef", "secretRef", "secret", "secrets", "imagePullSecrets", "serviceAccountToken",
    ]

    private func hides(_ key: String?) -> Bool { key.map { Secrecy.hides($0) && $0 != "secretName" } ?? false }

    private func string(_ text: String) -> String {
        text.contains("\n") ? self.text(text) : line(withKnownHidden(text))
    }

    /// A text of any kind, such as a log.
    func text(_ text: String) -> String {
        let text = withKnownHidden(text).replacing(
            /(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)/, with: Secrecy.hidden)
        // By bytes: a carriage return and the newline behind it are one Character.
        return text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line(String(Substring($0))) }
            .joined(separator: "\n")
    }

    private func withKnownHidden(_ text: String) -> String {
        known.reduce(text) { text, secret in
            text.contains(secret) ? text.replacing(secret, with: Secrecy.hidden) : text
        }
    }

    private func line(_ line: String) -> String {
        if line.first == "{" || line.first == "[" {
            do {
                // What is kept in annotations, and agents' logs.
                return value(try JSONValue(parsing: line)).serialized()
            } catch {
                return SecretPatterns.hidden(in: line)
            }
        }
        return SecretPatterns.hidden(in: line)
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            guard byte < 0x80, character.isLetter || character.isNumber || "-._~".contains(character) else {
                let digits = String(byte, radix: 16, uppercase: true)
                return "%" + (digits.count < 2 ? "0" : "") + digits
            }
            return String(character)
        }.joined()
    }
}
