/// Who gets the outcome of a transfer.
enum TransferReceiver: Sendable {
    case whole(CheckedContinuation<Result<HTTPResponse, HTTPTransportError>, Never>, deadline: Duration)
    case stream(
        HTTPBodyReference,
        head: CheckedContinuation<Result<HTTPResponseHead, HTTPTransportError>, Never>,
        headDeadline: Duration, idleTimeout: Duration)
}

/// The transfer thread must not keep a stream alive that nobody reads any more.
struct HTTPBodyReference: Sendable {
    weak let stream: HTTPBodyStream?
}

extension TransferReceiver {
    /// Answers a request that never became a transfer.
    func refuse(_ error: HTTPTransportError) {
        switch self {
        case .whole(let continuation, _): continuation.resume(returning: .failure(error))
        case .stream(let reference, let head, _, _):
            head.resume(returning: .failure(error))
            reference.stream?.finish(.failure(error))
        }
    }
}
