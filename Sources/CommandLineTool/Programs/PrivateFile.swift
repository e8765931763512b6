import Glibc

/// A file in the folder for temporary ones that nobody else can read.
struct PrivateFile {
    let path: String

    /// - Throws: ``CommandError`` when it cannot be made.
    init(_ text: String, suffix: String = "") throws {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/matriarch-XXXXXX\(suffix)".utf8CString)
        let descriptor = mkstemps(&template, Int32(suffix.utf8.count))
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0 else {
            throw CommandError("cannot make a file in \(folder): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        try TextFile.write(text, to: descriptor, called: path)
    }

    func remove() { unlink(path) }

    /// - Throws: ``CommandError`` when it cannot be read.
    func contents() throws -> String { try TextFile.contents(path) }
}
