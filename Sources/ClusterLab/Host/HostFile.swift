import Glibc

/// Small files of `/proc` and `/sys`.
enum HostFile {
    /// The whole content; nil when it cannot be read, as when the process has ended.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let size = Glibc.read(descriptor, &buffer, buffer.count)
            guard size > 0 else { return size == 0 ? String(decoding: content, as: UTF8.self) : nil }
            content.append(contentsOf: buffer.prefix(size))
        }
    }

    static func write(_ text: String, to path: String) throws(LabError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw LabError("cannot open \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw LabError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Writes a file of the lab's own, replacing one that is there.
    static func create(_ text: String, at path: String) throws(LabError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LabError("cannot create \(path): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        try write(text, to: path)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The numbers among the names in `/proc`.
    static func processIdentifiers() -> [Int32] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var result: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let identifier = Int32(name) { result.append(identifier) }
        }
        return result
    }
}
