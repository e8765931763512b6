import ClusterStore
import HighAvailability
import Synchronization
import Units

/// What the keeper of the lock is asked to do; each carries who waits for the answer.
enum LockCommand: Sendable {
    case acquire(over: LockRecord?, listIsGone: Bool, CheckedContinuation<LockWrite?, Never>)
    case renew(CheckedContinuation<Bool, Never>)
    case release(heir: String?, because: ChangeKind?, position: LSN?, CheckedContinuation<Bool, Never>)
    case heartbeat

    /// It was not begun and never will be.
    func abandon() {
        switch self {
        case .acquire(_, _, let answer): answer.resume(returning: nil)
        case .renew(let answer), .release(_, _, _, let answer): answer.resume(returning: false)
        case .heartbeat: break
        }
    }
}

/// The commands that wait for the keeper of the lock, in the order they came.
///
/// - Guarantees: at most ``limit`` commands and one heartbeat wait. A command that finds no place, or comes after the end, is
///   answered at once: not done. A heartbeat beside another is one with it. Commands go before it.
final class LockCommands: Sendable {
    /// An activity of the loop has one command in here, and may be overtaken by another; more is a fault.
    static let limit = 8

    private struct Waiting {
        var commands: [LockCommand] = []
        var isBeatDue = false
        var isClosed = false
    }

    private let waiting = Mutex(Waiting())
    private let signal: AsyncStream<Void>.Continuation
    /// One element after what was submitted; several may be merged into one.
    let arrivals: AsyncStream<Void>

    init() {
        (arrivals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func submit(_ command: LockCommand) {
        let isTaken = waiting.withLock { waiting in
            guard !waiting.isClosed else { return false }
            if case .heartbeat = command {
                waiting.isBeatDue = true
                return true
            }
            guard waiting.commands.count < Self.limit else { return false }
            waiting.commands.append(command)
            return true
        }
        guard isTaken else { return command.abandon() }
        signal.yield()
    }

    /// The next to be carried out; nil: nothing waits.
    func next() -> LockCommand? {
        waiting.withLock { waiting in
            if !waiting.commands.isEmpty { return waiting.commands.removeFirst() }
            defer { waiting.isBeatDue = false }
            return waiting.isBeatDue ? .heartbeat : nil
        }
    }

    /// Nobody works any more: answers all that wait, and whoever comes from now on.
    func close() {
        let left = waiting.withLock { waiting in
            defer { waiting = Waiting(isClosed: true) }
            return waiting.commands
        }
        for command in left { command.abandon() }
    }
}
