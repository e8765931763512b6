import Crypto

extension ScramVerifier {
    /// Whether `verifier` was made from `password`, whatever its salt.
    ///
    /// SASLprep leaves most texts as they are, and this compares them as they are. Of one it changes, such as a full-width
    /// letter, this says false although a login with it succeeds; whoever goes by it then replaces a verifier by one as
    /// good. MD5 hashes are none, and one with more iterations than ``maximumIterations`` is not tried: a role may have
    /// set it itself.
    ///
    /// Costs a few milliseconds for the usual 4096 iterations.
    static func matches(_ password: String, _ verifier: String) -> Bool {
        // SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>
        let parts = verifier.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "SCRAM-SHA-256" else { return false }
        let seed = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        let keys = parts[2].split(separator: ":", omittingEmptySubsequences: false)
        guard seed.count == 2, keys.count == 2, let iterations = Int(seed[0]),
            (1...maximumIterations).contains(iterations), let salt = Base64.decoded(seed[1]),
            let storedKey = Base64.decoded(keys[0])
        else { return false }
        let salted = salted(password, salt, iterations)
        let clientKey = HMAC<SHA256>.authenticationCode(
            for: Array("Client Key".utf8), using: SymmetricKey(data: salted))
        return Array(SHA256.hash(data: Array(clientKey))) == storedKey
    }

    /// Some hundred milliseconds.
    static let maximumIterations = 100_000

    /// RFC 5802's Hi: PBKDF2 with one block.
    private static func salted(_ password: String, _ salt: [UInt8], _ iterations: Int) -> [UInt8] {
        let key = SymmetricKey(data: Array(password.utf8))
        var round = Array(HMAC<SHA256>.authenticationCode(for: salt + [0, 0, 0, 1], using: key))
        var result = round
        for _ in 1..<iterations {
            round = Array(HMAC<SHA256>.authenticationCode(for: round, using: key))
            for index in result.indices { result[index] ^= round[index] }
        }
        return result
    }
}

/// RFC 4648's base64, padded.
enum Base64 {
    /// - Returns: nil for what is none.
    static func decoded(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count.isMultiple(of: 4) else { return nil }
        var result: [UInt8] = []
        var (bits, count): (UInt32, Int) = (0, 0)
        var padding = 0
        for character in text.utf8 {
            guard character != UInt8(ascii: "=") else {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: character) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return padding <= 2 ? result : nil
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        case _: nil
        }
    }
}
