import Glibc

/// A password where libpq looks for it: a file only this user can read, removed with its last owner.
///
/// The password is in no argument, environment variable or log.
public final class PasswordFile: Sendable {
    public let path: String

    /// - Throws: ``LabError`` when the file cannot be written.
    public init(user: String, password: String) throws(LabError) {
        var template = Array("/tmp/matriarch-lab-XXXXXX".utf8CString)
        // mkstemp creates with mode 0600.
        let descriptor = mkstemp(&template)
        let place = template.withUnsafeBufferPointer { buffer in
            String(decoding: buffer.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        guard descriptor >= 0 else {
            throw LabError("cannot make a file for the password in /tmp: \(String(cString: strerror(errno)))")
        }
        path = place
        let line = Array("*:*:*:\(Self.escaped(user)):\(Self.escaped(password))\n".utf8)
        let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        guard written == line.count else {
            unlink(place)
            throw LabError("cannot write the file for the password: \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        unlink(path)
    }

    /// Backslash and colon are special in a pgpass file.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            if character == "\\" || character == ":" { result.append("\\") }
            result.append(character)
        }
    }
}
