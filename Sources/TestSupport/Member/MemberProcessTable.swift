import Glibc

/// Processes as `/proc` shows them.
enum ProcessTable {
    /// Those of all its threads: the kernel lists a child with the thread that made it.
    static func children(of parent: pid_t) -> [pid_t] {
        threads(of: parent).flatMap { thread in
            (text(of: "/proc/\(parent)/task/\(thread)/children") ?? "").split(separator: " ").compactMap { pid_t($0) }
        }
    }

    /// How often each thread of a process has gone to sleep so far; those that have ended are not among them.
    static func sleeps(of process: pid_t) -> [pid_t: Int] {
        let counts = threads(of: process).map { thread in
            let lines = (text(of: "/proc/\(process)/task/\(thread)/status") ?? "").split(separator: "\n")
            let count = lines.first { $0.hasPrefix("voluntary_ctxt_switches:") }?.split(separator: "\t").last
            return (thread, count.flatMap { Int($0) } ?? 0)
        }
        return Dictionary(counts) { $1 }
    }

    private static func threads(of process: pid_t) -> [pid_t] {
        guard let folder = opendir("/proc/\(process)/task") else { return [] }
        defer { closedir(folder) }
        var threads: [pid_t] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if let thread = pid_t(name) { threads.append(thread) }
        }
        return threads.sorted()
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
