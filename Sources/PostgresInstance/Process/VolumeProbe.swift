import Fence
import Glibc
import PostgresClient
import ServerControl
import Synchronization
import Units

/// Tries now and then whether the volume takes a write, on a thread that may hang with it.
///
/// A disk that has stopped answering leaves a server that looks well: what it has in memory it shows, and it keeps every
/// session it has. Nobody can commit. Whoever waits for such a volume cannot be interrupted, so nobody else waits for this
/// thread.
final class VolumeProbe: Sendable {
    private struct State {
        var isArmed = false
        var nextWrite = BootInstant(nanoseconds: 0)
        /// The write that has not returned.
        var pending: BootInstant?
        /// Writes have been refused since then.
        var refused: (since: BootInstant, reason: String)?
    }

    private let path: String
    private let state = Mutex(State())

    /// - Parameter path: of the file that is written: it stays, so that a full volume has room for it.
    init(path: String) { self.path = path }

    /// From now on it writes: before a server of this member has run, the data may be somebody else's, and is left untouched.
    func arm() { state.withLock { $0.isArmed = true } }

    /// Begins a write when the last one has returned and `pause` has passed since it began.
    func look(every pause: Duration) -> VolumeLook {
        let now = BootClock.now()
        let (look, isDue) = state.withLock { state in
            let isDue = state.isArmed && state.pending == nil && now >= state.nextWrite
            if isDue { (state.pending, state.nextWrite) = (now, now + pause) }
            return (Self.look(state, at: now), isDue)
        }
        if isDue { OwnedThread.start(name: "volume") { self.write() } }
        return look
    }

    /// What was refused is told until a write succeeds; one that has just begun is no silence.
    private static func look(_ state: State, at now: BootInstant) -> VolumeLook {
        if let refused = state.refused { return .refuses(since: refused.since, reason: refused.reason) }
        guard let pending = state.pending, now - pending >= .seconds(1) else { return .answers }
        return .silent(since: pending)
    }

    private func write() {
        let refusal = Self.write(to: path)
        state.withLock { state in
            let began = state.pending ?? BootClock.now()
            state.pending = nil
            state.refused = refusal.map { (state.refused?.since ?? began, $0) }
        }
    }

    /// - Returns: why not; nil also where nothing is said of the volume, as by one that is full or a folder that is not there.
    private static func write(to path: String) -> String? {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return refusal(errno) }
        defer { close(descriptor) }
        var byte = UInt8(ascii: "\n")
        guard pwrite(descriptor, &byte, 1, 0) == 1, fdatasync(descriptor) == 0 else { return refusal(errno) }
        return nil
    }

    private static func refusal(_ code: Int32) -> String? {
        [EIO, EROFS, ENXIO, ENODEV, ESTALE].contains(code) ? String(cString: strerror(code)) : nil
    }
}
