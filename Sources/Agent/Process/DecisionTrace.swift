import AgentShell
import FoundationEssentials
import Glibc
import HighAvailability
import Logging
import Synchronization

/// Appends every observation and what was decided on it to a file, one line of JSON each: `MATRIARCH_TRACE`.
///
/// For finding out afterwards why a member did what it did. Off by default; the file only grows, and is the caller's to
/// look after. What may hold passwords is left out by ``TracedDecision``.
final class DecisionTrace: DecisionRecorder {
    private let path: String
    private let logger: Logger
    /// Nil after an error: whatever is wrong, the agent goes on without a trace.
    private let file: Mutex<Int32?>

    init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        file = Mutex(descriptor < 0 ? nil : descriptor)
        guard descriptor >= 0 else {
            logger.error(
                "cannot record decisions",
                metadata: ["path": "\(path)", "error": "\(String(cString: strerror(errno)))"])
            return
        }
        Self.dropUnfinishedLine(descriptor)
        logger.notice("every decision is recorded", metadata: ["path": "\(path)"])
    }

    /// An agent that was killed while it wrote has left half a line.
    private static func dropUnfinishedLine(_ descriptor: Int32) {
        let end = lseek(descriptor, 0, SEEK_END)
        var length = end
        var byte: UInt8 = 0
        while length > 0, pread(descriptor, &byte, 1, length - 1) == 1, byte != UInt8(ascii: "\n") { length -= 1 }
        if length < end { ftruncate(descriptor, length) }
    }

    deinit {
        file.withLock { if let descriptor = $0 { close(descriptor) } }
    }

    /// The reports an election was judged on are not recorded, so nothing could judge it again.
    func record(_ verdict: CandidacyVerdict, over record: SynchronousState?) {}

    func record(_ observation: Observation, _ decision: Decision) {
        file.withLock { file in
            guard let descriptor = file else { return }
            do {
                var line = try JSONEncoder().encode(TracedDecision(observation, decision))
                line.append(UInt8(ascii: "\n"))
                // One write, so that only the last line can be half a one.
                let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard written != line.count else { return }
                logger.error("decisions are not recorded any more", metadata: ["path": "\(path)"])
            } catch {
                logger.error("decisions are not recorded any more", metadata: ["error": "\(error)"])
            }
            close(descriptor)
            file = nil
        }
    }
}
