import Glibc

/// Processes as `/proc` shows them.
enum ProcessTable {
    static func children(of parent: pid_t) -> [pid_t] {
        (text(of: "/proc/\(parent)/task/\(parent)/children") ?? "").split(separator: " ").compactMap { pid_t($0) }
    }

    static func descendants(of parent: pid_t) -> [pid_t] {
        let children = children(of: parent)
        return children + children.flatMap(descendants)
    }

    /// Nil when there is no such process.
    static func parent(of process: pid_t) -> pid_t? {
        text(of: "/proc/\(process)/status")?.split(separator: "\n").first { $0.hasPrefix("PPid:") }
            .flatMap { pid_t($0.dropFirst(5).drop(while: \.isWhitespace)) }
    }

    /// The arguments, separated by spaces; empty when there is no such process.
    static func command(of process: pid_t) -> String {
        String((text(of: "/proc/\(process)/cmdline") ?? "").map { $0 == "\0" ? " " : $0 })
    }

    /// The content of a file of any kind; nil when it cannot be opened.
    static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
