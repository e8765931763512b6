import AgentShell
import CLinux
import Glibc
import Synchronization

/// A file that is written to; the two drivers differ in how a timeout is set.
final class WatchdogFile: WatchdogDevice {
    private let path: String
    private let setTimeout: @Sendable (Int32, Int) throws(WatchdogError) -> Int
    private let descriptor = Atomic<Int32>(-1)

    private init(path: String, setTimeout: @escaping @Sendable (Int32, Int) throws(WatchdogError) -> Int) {
        self.path = path
        self.setTimeout = setTimeout
    }

    deinit {
        // Without the magic character: a device that nobody serves any more does what it is there for.
        let open = descriptor.load(ordering: .relaxed)
        if open >= 0 { Glibc.close(open) }
    }

    /// A watchdog device of Linux.
    static func linux(_ path: String) -> WatchdogFile {
        WatchdogFile(path: path) { descriptor, seconds throws(WatchdogError) in
            let actual = clinux_watchdog_set_timeout(descriptor, Int32(clamping: seconds))
            guard actual > 0 else {
                throw WatchdogError("\(path) takes no timeout: \(String(cString: strerror(-actual)))")
            }
            return Int(actual)
        }
    }

    /// A named pipe whose reader sees what a device would be told.
    static func testing(_ path: String) -> WatchdogFile {
        WatchdogFile(path: path) { descriptor, seconds throws(WatchdogError) in
            try put("Ctimeout=\(seconds)\n", to: descriptor, path)
            return seconds
        }
    }

    func open(timeoutInSeconds: Int) throws(WatchdogError) -> Int {
        var current = descriptor.load(ordering: .relaxed)
        if current < 0 {
            current = Glibc.open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
            guard current >= 0 else { throw .system("cannot open \(path)") }
            descriptor.store(current, ordering: .relaxed)
        }
        return try setTimeout(current, timeoutInSeconds)
    }

    func keepAlive() throws(WatchdogError) {
        try Self.put("1", to: descriptor.load(ordering: .relaxed), path)
    }

    func close() throws(WatchdogError) {
        let open = descriptor.exchange(-1, ordering: .relaxed)
        guard open >= 0 else { return }
        defer { Glibc.close(open) }
        try Self.put("V", to: open, path)
    }

    var isUsable: Bool { access(path, W_OK) == 0 }

    private static func put(_ text: String, to descriptor: Int32, _ path: String) throws(WatchdogError) {
        let bytes = Array(text.utf8)
        while write(descriptor, bytes, bytes.count) != bytes.count {
            guard errno == EINTR else { throw .system("cannot write to \(path)") }
        }
    }
}

extension WatchdogError {
    /// With what `errno` says.
    static func system(_ what: String) -> WatchdogError {
        WatchdogError("\(what): \(String(cString: strerror(errno)))")
    }
}
