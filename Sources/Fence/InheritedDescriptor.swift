import Glibc

/// What init opened for its child and named in an environment variable.
enum InheritedDescriptor {
    /// The number under `key`; nil when init has named none.
    ///
    /// - Throws: ``FenceError`` `.descriptorInvalid` when what stands there is no descriptor.
    static func number(_ key: String) throws -> Int32? {
        guard let value = getenv(key) else { return nil }
        let text = String(cString: value)
        guard let descriptor = Int32(text), descriptor > 2 else {
            throw FenceError(code: .descriptorInvalid, message: "\(key)=\(text) is not a descriptor")
        }
        return descriptor
    }

    /// Keeps it from programs this process starts, once it has shown what it is.
    ///
    /// - Parameters:
    ///   - kind: `S_IFIFO` or `S_IFDIR`.
    ///   - name: of that kind, for the message.
    /// - Throws: ``FenceError`` `.descriptorInvalid` when it is closed, or something else.
    static func keep(_ descriptor: Int32, _ key: String, kind: mode_t, _ name: String) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == kind,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        else { throw FenceError(code: .descriptorInvalid, message: "\(key)=\(descriptor) is not an open \(name)") }
    }
}
