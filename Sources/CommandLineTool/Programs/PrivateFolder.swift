import Glibc

/// A folder among the temporary ones that nobody else can read.
struct PrivateFolder {
    let path: String
    /// What was made in it, in that order.
    private var made: [String] = []

    /// - Throws: ``CommandError`` when it cannot be made.
    init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/matriarch-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandError("cannot make a folder in \(parent): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// - Parameter name: with slashes; the folders are made.
    /// - Throws: ``CommandError`` when it cannot be written.
    mutating func write(_ text: String, to name: String) throws {
        var folder = path
        for part in name.split(separator: "/").dropLast() {
            folder += "/\(part)"
            if mkdir(folder, 0o700) == 0 { made.append(folder) }
        }
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandError("cannot write \(path)/\(name): \(String(cString: strerror(errno)))")
        }
        made.append("\(path)/\(name)")
        defer { close(descriptor) }
        try TextFile.write(text, to: descriptor, called: name)
    }

    func remove() {
        for path in [path] + made { unlink(path) }
        for path in ([path] + made).reversed() { rmdir(path) }
    }
}
