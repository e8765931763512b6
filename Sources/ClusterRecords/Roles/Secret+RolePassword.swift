public import KubernetesModels

extension Secret {
    /// The key a password stands behind unless the resource names another one.
    public static let passwordKey = "password"
    static let usernameKey = "username"

    /// The password a Secret has for a role.
    ///
    /// Clients are given the very bytes of the Secret, so nothing is taken off them. A Secret of one account says in `username`
    /// whose it is, and is used for nobody else; one that is asked for another key may hold many.
    ///
    /// - Throws: ``RefusedSecret``: what it must have, without anything it holds.
    public func password(behind key: String, for role: String) throws(RefusedSecret) -> String {
        let name = metadata.name ?? ""
        func refusal(_ rule: String) -> RefusedSecret { RefusedSecret("Secret \(name): \(rule)") }
        if key == Self.passwordKey {
            guard data?[Self.usernameKey] != nil else {
                throw refusal("there is no username; it must be \(role), or name another key than password")
            }
            guard decodedString(Self.usernameKey) == role else { throw refusal("username must be \(role)") }
        }
        guard data?[key] != nil else { throw refusal("there is no \(key)") }
        guard let password = decodedString(key) else { throw refusal("\(key) is not text in UTF-8") }
        guard !password.isEmpty else { throw refusal("\(key) is empty") }
        guard !password.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw refusal("\(key) must be one line, without a line break at its end")
        }
        guard password.utf8.count <= Self.longestPassword else {
            throw refusal("\(key) is longer than \(Self.longestPassword) bytes")
        }
        return password
    }

    /// What clients of every age send whole.
    private static let longestPassword = 1000
}

/// Why a Secret is not used, as a sentence.
public struct RefusedSecret: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
