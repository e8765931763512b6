import Synchronization

/// The body of a streamed response, as chunks of any size in order.
///
/// Nothing is dropped: while more than the configured buffer waits to be read the transfer is paused, and TCP (or the
/// HTTP/2 window) holds the server back. For one reader. The last reference dropped ends the transfer.
public final class HTTPBodyStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = HTTPTransportError

    private typealias Waiter = CheckedContinuation<Result<[UInt8]?, HTTPTransportError>, Never>

    private struct State {
        var buffer: [UInt8] = []
        var end: Result<Void, HTTPTransportError>?
        var isPaused = false
        var waiter: Waiter?
    }

    private enum Step {
        case wait
        case yield(Result<[UInt8]?, HTTPTransportError>, resumesTransfer: Bool)
    }

    private let state = Mutex(State())
    private let mailbox: TransferMailbox
    private let transfer: TransferIdentifier
    private let limit: Int

    init(mailbox: TransferMailbox, transfer: TransferIdentifier, limit: Int) {
        self.mailbox = mailbox
        self.transfer = transfer
        self.limit = limit
    }

    deinit { mailbox.post(.cancel(transfer)) }

    public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    public struct Iterator: AsyncIteratorProtocol {
        let stream: HTTPBodyStream

        public mutating func next() async throws(HTTPTransportError) -> [UInt8]? {
            try await stream.nextChunk()
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(HTTPTransportError) -> [UInt8]? {
            try await stream.nextChunk()
        }
    }

    /// Waits for the next chunk; `nil` at the end of the body.
    public func nextChunk() async throws(HTTPTransportError) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Waiter) in
                let step = state.withLock { state in Self.step(&state, waiter: continuation) }
                if case .yield(let result, let resumesTransfer) = step {
                    if resumesTransfer { mailbox.post(.resume(transfer)) }
                    continuation.resume(returning: result)
                }
            }
        } onCancel: {
            finish(
                .failure(HTTPTransportError(code: .cancelled, mayHaveBeenSent: true, message: "the task was cancelled"))
            )
            mailbox.post(.cancel(transfer))
        }
        return try result.get()
    }

    private static func step(_ state: inout State, waiter: Waiter) -> Step {
        if !state.buffer.isEmpty {
            let chunk = state.buffer
            state.buffer = []
            let resumes = state.isPaused
            state.isPaused = false
            return .yield(.success(chunk), resumesTransfer: resumes)
        }
        switch state.end {
        case .success: return .yield(.success(nil), resumesTransfer: false)
        case .failure(let error): return .yield(.failure(error), resumesTransfer: false)
        case nil:
            precondition(state.waiter == nil, "an HTTP body has one reader")
            state.waiter = waiter
            return .wait
        }
    }

    /// Called on the transfer thread. Returns `false` when the transfer must pause; the data was then not taken.
    func offer(_ data: UnsafeBufferPointer<UInt8>) -> Bool {
        let (isTaken, waiter) = state.withLock { state -> (Bool, Waiter?) in
            if let waiter = state.waiter {
                state.waiter = nil
                return (true, waiter)
            }
            if state.buffer.count >= limit {
                state.isPaused = true
                return (false, nil)
            }
            state.buffer.append(contentsOf: data)
            return (true, nil)
        }
        waiter?.resume(returning: .success(Array(data)))
        return isTaken
    }

    /// Ends the stream once; later ends are ignored. Data still buffered is delivered first.
    func finish(_ end: Result<Void, HTTPTransportError>) {
        let waiter = state.withLock { state -> Waiter? in
            guard state.end == nil else { return nil }
            state.end = end
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: end.map { nil })
    }

    var isPaused: Bool { state.withLock { $0.isPaused } }
}
