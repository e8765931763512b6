import Glibc
import HighAvailability
import Logging
import Testing
import Units

@testable import Agent
@testable import AgentShell

/// The reading end of a testing watchdog.
final class WatchdogPipe {
    let path: String
    private var descriptor: Int32
    private var heard = ""
    /// Nobody reads, and what is written fails; what was said is lost.
    var isDeaf = false {
        didSet {
            if isDeaf { close(descriptor) } else { descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        }
    }

    init(path: String) throws {
        self.path = path
        // The agent of another user writes into it.
        try #require(mkfifo(path, 0o666) == 0)
        _ = chmod(path, 0o666)
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0)
    }

    convenience init() throws {
        var template = Array("/tmp/matriarch-watchdog-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        try self.init(
            path: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/device")
    }

    deinit {
        close(descriptor)
        unlink(path)
        rmdir(String(path.dropLast("/device".count)))
    }

    /// Everything written since the last time it was forgotten.
    func transcript(forgetting: Bool = false) -> String {
        heard += said()
        defer { if forgetting { heard = "" } }
        return heard
    }

    /// Everything written since the last look.
    func said() -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let size = read(descriptor, &buffer, buffer.count), size > 0 {
            text += String(decoding: buffer.prefix(size), as: UTF8.self)
        }
        return text
    }
}

@Suite struct WatchdogTests {
    private static let logger = Logger(label: "watchdog") { _ in SwiftLogNoOpLogHandler() }

    private static func watchdog(
        _ mode: WatchdogSettings.Mode, _ path: String, margin: Duration? = .seconds(5)
    ) -> Watchdog {
        Watchdog(
            WatchdogSettings(mode: mode, driver: .testing, device: path, safetyMargin: margin), logger: logger)
    }

    @Test func `a leader starts the countdown once, serves it, and ends it`() throws {
        let pipe = try WatchdogPipe()
        let watchdog = Self.watchdog(.required, pipe.path)
        watchdog.keepAlive()
        watchdog.disable()
        #expect(pipe.said() == "")
        #expect(watchdog.activate(.standard))
        #expect(watchdog.activate(.standard))
        #expect(pipe.said() == "Ctimeout=15\n1")
        watchdog.keepAlive()
        watchdog.keepAlive()
        #expect(pipe.said() == "11")
        // A changed ttl takes effect without an end in between.
        #expect(watchdog.activate(.tolerant))
        #expect(pipe.said() == "Ctimeout=55\n1")
        watchdog.disable()
        watchdog.disable()
        watchdog.keepAlive()
        #expect(pipe.said() == "V")
        #expect(watchdog.activate(.fast))
        #expect(pipe.said() == "Ctimeout=5\n1")
    }

    @Test func `who needs a device that is not there does not lead, who only likes one does`() throws {
        let nowhere = "/nowhere/watchdog"
        #expect(!Self.watchdog(.required, nowhere).activate(.standard))
        #expect(Self.watchdog(.required, nowhere).hasFailed)
        for mode in [WatchdogSettings.Mode.automatic, .off] {
            #expect(Self.watchdog(mode, nowhere).activate(.standard))
            #expect(!Self.watchdog(mode, nowhere).hasFailed)
        }
    }

    @Test func `timings no device can serve leave it alone`() throws {
        let pipe = try WatchdogPipe()
        #expect(!Self.watchdog(.required, pipe.path, margin: .seconds(16)).activate(.standard))
        #expect(Self.watchdog(.automatic, pipe.path, margin: .seconds(16)).activate(.standard))
        #expect(pipe.said() == "")
    }

    @Test func `a file that is no watchdog device of Linux is not used as one`() throws {
        let pipe = try WatchdogPipe()
        let watchdog = Watchdog(
            WatchdogSettings(mode: .required, device: pipe.path), logger: Self.logger)
        #expect(!watchdog.activate(.standard))
    }

    @Test func `a countdown whose last sign of life failed is ended all the same`() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = try WatchdogPipe()
        let watchdog = Self.watchdog(.automatic, pipe.path)
        #expect(watchdog.activate(.standard))
        #expect(pipe.said() == "Ctimeout=15\n1")
        pipe.isDeaf = true
        watchdog.keepAlive()
        pipe.isDeaf = false
        watchdog.disable()
        #expect(pipe.said() == "V")
    }

    @Test func `a device that is lost is opened anew before the leader goes on`() throws {
        var pipe: WatchdogPipe? = try WatchdogPipe()
        let path = try #require(pipe?.path)
        signal(SIGPIPE, SIG_IGN)
        let watchdog = Self.watchdog(.required, path)
        #expect(watchdog.activate(.standard))
        pipe = nil
        watchdog.keepAlive()
        #expect(!watchdog.activate(.standard))
    }
}
