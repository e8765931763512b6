import CLinux
import Glibc
import PostgresClient
import ServerControl
import Synchronization

/// Watches one postmaster after another and says at once when it ends.
///
/// A thread of its own waits on the process's pidfd: no polling, no SIGCHLD, and only that one process is reaped.
final class PostmasterMonitor: Sendable {
    /// The last exits; a reader that falls behind by more than eight loses the oldest.
    let exits: AsyncStream<PostmasterExit>
    private let continuation: AsyncStream<PostmasterExit>.Continuation
    private let state = Mutex(State())

    private struct State {
        var running: PostmasterHandle?
        var last: PostmasterExit?
    }

    init() {
        (exits, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(8))
    }

    /// The postmaster that was last watched and has not ended.
    var running: PostmasterHandle? { state.withLock { $0.running } }

    /// The exit of that postmaster, if it was the last to end.
    func exit(of handle: PostmasterHandle) -> PostmasterExit? {
        state.withLock { $0.last.flatMap { $0.pid == handle.pid ? $0 : nil } }
    }

    /// Takes over a postmaster. For a child this reaps it.
    func watch(_ handle: PostmasterHandle) {
        state.withLock {
            $0.running = handle
            $0.last = nil
        }
        OwnedThread.start(name: "postmaster") { [self] in
            let status = Self.waitForEnd(of: handle)
            let exit = PostmasterExit(pid: handle.pid, status: status)
            state.withLock {
                $0.last = exit
                if $0.running == handle { $0.running = nil }
            }
            continuation.yield(exit)
        }
    }

    private static func waitForEnd(of handle: PostmasterHandle) -> PostmasterExit.Status {
        if handle.isChild {
            var status: Int32 = 0
            while true {
                let result = waitpid(handle.pid, &status, 0)
                if result == handle.pid { return .init(waitStatus: status) }
                // ECHILD: reaped elsewhere, for example because SIGCHLD is ignored.
                if result < 0 && errno != EINTR { return .unknown }
            }
        }
        let descriptor = clinux_pidfd_open(handle.pid)
        guard descriptor >= 0 else {
            // Sandboxes without pidfd: look as often as a restart in place can bear.
            while kill(handle.pid, 0) == 0 || errno == EPERM { usleep(50_000) }
            return .unknown
        }
        defer { close(descriptor) }
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&ready, 1, -1) < 0 && errno == EINTR {}
        return .unknown
    }
}
