import HTTPTransport
import KubernetesModels

extension KubernetesError {
    private static let maximumMessageLength = 1024

    /// A transport error; a write that may have been sent has an unknown outcome.
    init(_ error: HTTPTransportError, isWrite: Bool, subject: String) {
        let code: Code =
            switch error.code {
            case .invalidRequest: .invalidRequest
            case .resolveFailed, .connectFailed, .tlsFailed: .unreachable
            case .timeout, .idleTimeout: .timeout
            case .connectionLost: .connectionLost
            case .invalidResponse, .responseTooLarge: .invalidResponse
            case .cancelled, .shutdown: .cancelled
            }
        self.init(
            code: code, message: "\(subject): \(error.message)",
            isOutcomeUnknown: isWrite && error.mayHaveBeenSent)
    }

    /// A response whose status refuses.
    init(status: Int, headers: [String: String], body: [UInt8], isWrite: Bool, subject: String) {
        let answer: JSONValue
        do {
            answer = try JSONValue(parsing: body)
        } catch {
            answer = .null  // A proxy's page: the status alone has to do.
        }
        self.init(status: status, answer: answer, headers: headers, isWrite: isWrite, subject: subject)
    }

    /// A `Status` object, from a response or from a watch.
    init(status: Int, answer: JSONValue, headers: [String: String] = [:], isWrite: Bool, subject: String) {
        let reason = answer["reason"]?.stringValue ?? ""
        let text = answer["message"]?.stringValue ?? "the server answered \(status)"
        let seconds =
            headers["retry-after"].flatMap { Int64($0) }
            ?? answer.value(at: "details", "retryAfterSeconds")?.int64Value
        self.init(
            code: Code(status: status, reason: reason), status: status, reason: reason,
            message: "\(subject): \(text.prefix(Self.maximumMessageLength))",
            retryAfter: seconds.flatMap { (1...86_400).contains($0) ? .seconds($0) : nil },
            // A server that fails or times out (etcd: "request timed out") may have stored the object all the same.
            isOutcomeUnknown: isWrite && status >= 500)
    }
}

extension KubernetesError.Code {
    fileprivate init(status: Int, reason: String) {
        switch status {
        case 400: self = .badRequest
        case 401: self = .unauthorized
        case 403: self = .forbidden
        case 404: self = .notFound
        case 409: self = reason == "AlreadyExists" ? .alreadyExists : .conflict
        case 410: self = .gone
        case 422: self = .invalidObject
        case 429: self = .tooManyRequests
        case 500...: self = .serverError
        case _: self = .refused
        }
    }
}
