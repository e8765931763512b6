import AgentShell
import ClusterRecords
import Crypto
import Logging
import Synchronization

/// The keys by which members know each other, derived from the password of the replication role.
///
/// The Secret's file is read whenever a key is needed: the kubelet changes it under a running agent, in each Pod at another
/// moment. So the key before is known as well.
final class MembershipKeys: Sendable {
    private struct Known {
        var passwords: [String] = []
        var keys: [SymmetricKey] = []
        var isUnreadable = false
    }

    private let passwordFile: String
    private let purpose: String
    private let logger: Logger
    private let known = Mutex(Known())

    init(passwordFile: String, scope: Scope, logger: Logger) {
        self.passwordFile = passwordFile
        purpose = MembershipProof.purpose(in: scope)
        self.logger = logger
    }

    /// Newest first, two at most; empty when the password could never be read.
    func all() -> [SymmetricKey] {
        let read = Result { () throws(AgentError) -> String in try TextFile.read(passwordFile) }
        return known.withLock { known in
            switch read {
            case .success(let password):
                known.isUnreadable = false
                guard known.passwords.first != password, !password.isEmpty else { break }
                known.passwords = [password] + known.passwords.filter { $0 != password }.prefix(1)
                known.keys = known.passwords.map { key(of: $0) }
            case .failure(let error):
                guard !known.isUnreadable else { break }
                known.isUnreadable = true
                logger.error(
                    "members cannot prove to each other who they are", metadata: ["reason": "\(error.message)"])
            }
            return known.keys
        }
    }

    private func key(of password: String) -> SymmetricKey {
        let line = password.hasSuffix("\n") ? password.dropLast() : password[...]
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(purpose.utf8), using: SymmetricKey(data: Array(line.utf8)))
        return SymmetricKey(data: Array(code))
    }
}

extension MembershipProof {
    init(
        of method: String, _ target: String, body: String, challenge: String, nonce: String, key: SymmetricKey
    ) {
        let message = Self.message(method: method, target: target, body: body, challenge: challenge, nonce: nonce)
        let code = HMAC<SHA256>.authenticationCode(for: message, using: key)
        self.init(challenge: challenge, nonce: nonce, digest: code.map { Self.hexadecimal($0) }.joined())
    }

    /// Whether it was made over this question with one of the keys. Takes as long whatever is wrong.
    func isMade(of method: String, _ target: String, body: String, with keys: [SymmetricKey]) -> Bool {
        guard let code = Self.bytes(hexadecimal: digest) else { return false }
        let message = Self.message(method: method, target: target, body: body, challenge: challenge, nonce: nonce)
        return keys.contains { HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: $0) }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 2 * SHA256.Digest.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
