import KubernetesModels
import PostgresConfiguration

/// Takes secrets out of what is handed to strangers.
///
/// Whatever is called like a password, looks like one, or is the value of a Secret the command could read. It hides too much
/// rather than too little.
struct Redactor {
    /// Values of Secrets, longest first: one may contain another.
    private let known: [String]

    /// - Parameter secrets: values of Secrets; what is too short to be told from other text is left.
    init(secrets: some Sequence<String>) {
        var forms: Set<String> = []
        for secret in secrets {
            let secret = secret.filter { !$0.isNewline }
            guard secret.count >= Self.minimumLength else { continue }
            forms.formUnion([secret, Secret.encoded(secret), Self.percentEncoded(secret)])
        }
        known = forms.sorted { ($0.count, $0) > ($1.count, $1) }
    }

    private static let minimumLength = 6

    /// - Parameter key: what the value is called; nil for the whole.
    func value(_ value: JSONValue, called key: String? = nil) -> JSONValue {
        switch value {
        case .null, .bool: value
        case .int, .double: hides(key) ? .string(Secrecy.hidden) : value
        case .string(let text): .string(hides(key) ? Secrecy.hidden : string(text, called: key))
        case .array(let elements): .array(elements.map { element(of: key, $0) })
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.compactMap { name, member -> (String, JSONValue)? in
                        // Long, and it holds nothing anybody asks about.
                        name == "managedFields" ? nil : (name, self.value(member, called: name))
                    }))
        }
    }

    /// A variable of a container may be a secret whatever it is called.
    private func element(of key: String?, _ element: JSONValue) -> JSONValue {
        guard key == "env", element["value"] != nil else { return value(element, called: key) }
        var hidden = value(element)
        hidden["value"] = .string(Secrecy.hidden)
        return hidden
    }

    /// Names of Secrets are none.
    private static let names: Set<String> = [
        "secretName", "secretKeyRef", "secret", "secrets", "imagePullSecrets", "automountServiceAccountToken",
        "serviceAccountToken",
    ]

    private func hides(_ key: String?) -> Bool { key.map { Secrecy.hides($0) && !Self.names.contains($0) } ?? false }

    private func string(_ text: String, called key: String?) -> String {
        if text.first == "{" || text.first == "[" {
            do {
                // What is kept in annotations.
                return value(try JSONValue(parsing: text)).serialized()
            } catch {
                return self.text(text)
            }
        }
        return self.text(text)
    }

    /// A text of any kind, such as a log.
    func text(_ text: String) -> String {
        var text = text
        for secret in known where text.contains(secret) { text = text.replacing(secret, with: Secrecy.hidden) }
        text = text.replacing(
            /(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)/, with: Secrecy.hidden)
        text = text.replacing(/:\/\/([^\/@\s:]+):[^\/@\s]+@/) { "://\($0.1):\(Secrecy.hidden)@" }
        text = text.replacing(/(?i)(password\s+)(?:e|u&)?'(?:[^']|'')*'?/) { "\($0.1)\(Secrecy.hidden)" }
        text = text.replacing(
            /(?i)([\w.\-]*(?:passw|passfile|secret|token|credential|api_?key|ldapbindpasswd)[\w.\-]*\\?["']?\s*[=:]\s*)(?:\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s,;&"'}\]]+)/
        ) { "\($0.1)\(Secrecy.hidden)" }
        text = text.replacing(/(?i)(bearer\s+)[\w.\-~+\/=]+/) { "\($0.1)\(Secrecy.hidden)" }
        text = text.replacing(/SCRAM-SHA-256\$[^\s"']+/, with: Secrecy.hidden)
        text = text.replacing(/\beyJ[\w\-]{8,}\.[\w\-]+\.[\w\-]*/, with: Secrecy.hidden)
        return text.replacing(/\bmd5[0-9a-f]{32}\b/, with: Secrecy.hidden)
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
