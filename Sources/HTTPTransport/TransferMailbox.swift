import CLibCurl
import Synchronization

/// Names one transfer within its transport.
struct TransferIdentifier: Hashable, Sendable {
    let rawValue: UInt64
}

/// What a caller asks of the transfer thread.
enum TransferCommand: Sendable {
    case start(TransferIdentifier, HTTPRequest, TransferReceiver)
    case resume(TransferIdentifier)
    case cancel(TransferIdentifier)
}

/// The way from callers to the transfer thread: the only state both touch.
final class TransferMailbox: Sendable {
    /// `curl_multi_wakeup` is the one call libcurl allows from any thread.
    private struct WakeHandle: @unchecked Sendable {
        let multi: UnsafeMutableRawPointer
    }

    private struct State {
        var commands: [TransferCommand] = []
        var wakeHandle: WakeHandle?
        var isStopped = false
        var lastIdentifier: UInt64 = 0
    }

    private let state = Mutex(State())

    func nextIdentifier() -> TransferIdentifier {
        state.withLock { state in
            state.lastIdentifier += 1
            return TransferIdentifier(rawValue: state.lastIdentifier)
        }
    }

    /// Returns `false` once the transport has stopped: the command will not be seen.
    @discardableResult
    func post(_ command: TransferCommand) -> Bool {
        state.withLock { state in
            guard !state.isStopped else { return false }
            state.commands.append(command)
            // Under the lock: the handle cannot be freed meanwhile.
            if let handle = state.wakeHandle { curl_multi_wakeup(handle.multi) }
            return true
        }
    }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            if let handle = state.wakeHandle { curl_multi_wakeup(handle.multi) }
        }
    }

    func attach(multi: UnsafeMutableRawPointer) {
        state.withLock { $0.wakeHandle = WakeHandle(multi: multi) }
    }

    func detach() {
        state.withLock { $0.wakeHandle = nil }
    }

    /// The commands posted since the last call, and whether the thread is to end.
    func collect() -> (commands: [TransferCommand], isStopped: Bool) {
        state.withLock { state in
            defer { state.commands = [] }
            return (state.commands, state.isStopped)
        }
    }
}
