import CLinux
import Dispatch
import Glibc
import Synchronization

/// Writes lines to a descriptor whose reader may stall, and does not wait for it.
///
/// A container's log is a pipe, and PostgreSQL writes to the same one. When whoever reads it stalls, a write waits, and so would
/// everything the agent does, the renewal of the lock among it.
///
/// - Guarantees: lines come in order, or are dropped and counted; never more than ``limit`` bytes wait. How many were dropped is
///   said in a line as soon as there is room. No other writer's text comes into a line of at most `PIPE_BUF` bytes.
/// - Note: what is no pipe (a file, a terminal) is written to as it is.
final class LogOutput: Sendable {
    /// Bytes that wait for the reader beside what the pipe holds.
    static let limit = 256 << 10

    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var isTrying = false
    }

    private let descriptor: Int32
    private let isPipe: Bool
    /// The pipe was opened anew, so that no write to it waits.
    private let isOwn: Bool
    private let notice: @Sendable (Int) -> String
    private let state = Mutex(State())
    /// A queue of its own has a thread also while every thread of the global ones, which run the tasks as well, is held up.
    private let queue = DispatchQueue(label: "matriarch.log")

    /// - Parameters:
    ///   - descriptor: stays open.
    ///   - reopens: false: as where the pipe is of somebody else and cannot be opened anew.
    ///   - notice: the line that says how many were dropped.
    init(_ descriptor: Int32, reopens: Bool = true, notice: @escaping @Sendable (Int) -> String) {
        let own = reopens ? clinux_pipe_reopen(descriptor) : -EACCES
        isOwn = own >= 0
        isPipe = own != -EINVAL
        self.descriptor = isOwn ? own : descriptor
        self.notice = notice
    }

    deinit { if isOwn { close(descriptor) } }

    /// - Parameter line: with its newline.
    func write(_ line: String) {
        let bytes = Array(line.utf8)
        guard isPipe else { return Self.writeAll(bytes, to: descriptor) }
        guard isOwn else { return handOver(bytes) }
        let begins = state.withLock { state in
            accept(bytes, in: &state)
            defer { state.isTrying = state.isTrying || !state.waiting.isEmpty }
            return !state.waiting.isEmpty && !state.isTrying
        }
        if begins { tryAgainLater() }
    }

    private func accept(_ line: [UInt8], in state: inout State) {
        if !state.waiting.isEmpty { push(&state) }
        if take(line, in: &state) { push(&state) }
    }

    /// - Returns: false for a line that is dropped.
    private func take(_ line: [UInt8], in state: inout State) -> Bool {
        // The rest of a line whose beginning is out is never dropped: that line came when nothing waited.
        guard state.waiting.isEmpty || state.waiting.count + line.count <= Self.limit else {
            state.dropped += 1
            return false
        }
        tellDropped(&state)
        state.waiting += line
        return true
    }

    private func tellDropped(_ state: inout State) {
        guard state.dropped > 0 else { return }
        state.waiting += Array(notice(state.dropped).utf8)
        state.dropped = 0
    }

    /// Writes what waits, as much as goes without waiting.
    private func push(_ state: inout State) {
        var written = 0
        state.waiting.withUnsafeBytes { bytes in
            while written < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                let count = Glibc.write(descriptor, rest.baseAddress, Self.wholeLines(rest))
                if count < 0, errno == EINTR { continue }
                if count < 0, errno != EAGAIN {
                    // Nobody will ever read it: a log must not stop the process that logs.
                    written = bytes.count
                    return
                }
                guard count > 0 else { return }
                written += count
            }
        }
        state.waiting.removeFirst(written)
    }

    /// Length of the lines that a pipe takes as a whole or not at all; of the first one alone when that is longer.
    private static func wholeLines(_ bytes: UnsafeRawBufferPointer) -> Int {
        let newline = UInt8(ascii: "\n")
        if let last = bytes.prefix(Int(PIPE_BUF)).lastIndex(of: newline) { return last + 1 }
        return bytes.firstIndex(of: newline).map { $0 + 1 } ?? bytes.count
    }

    // MARK: A pipe that cannot be opened anew

    /// A write to it waits, so it waits on a thread that nobody else needs.
    private func handOver(_ line: [UInt8]) {
        let begins = state.withLock { state in
            let begins = take(line, in: &state) && !state.isTrying
            if begins { state.isTrying = true }
            return begins
        }
        if begins { queue.async { [self] in writeWaiting() } }
    }

    private func writeWaiting() {
        while true {
            let bytes = state.withLock { state in
                tellDropped(&state)
                defer { state.waiting = [] }
                state.isTrying = !state.waiting.isEmpty
                return state.waiting
            }
            guard !bytes.isEmpty else { return }
            Self.writeAll(bytes, to: descriptor)
        }
    }

    // MARK: Later

    /// Until nothing waits any more; the last lines before a silence are read, too.
    private func tryAgainLater() {
        queue.asyncAfter(deadline: .now() + .milliseconds(50)) { [self] in
            let isDone = state.withLock { state in
                push(&state)
                if state.waiting.isEmpty, state.dropped > 0 {
                    tellDropped(&state)
                    push(&state)
                }
                state.isTrying = !state.waiting.isEmpty
                return state.waiting.isEmpty
            }
            if !isDone { tryAgainLater() }
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
