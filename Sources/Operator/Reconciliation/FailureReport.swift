import KubernetesClient

/// The failures no repetition mends, such as an affinity the API server does not understand.
///
/// What is said of them is a ``OperatorPlan/Refusal``. The plan computes the condition anew as soon as a reconcile gets
/// through.
enum FailureReport {
    /// The sentence for the condition and the Event; nil for failures that may pass by themselves: those are tried again
    /// and logged.
    static func message(_ error: any Error, doing what: String) -> String? {
        guard let error = error as? KubernetesError, isFinal(error) else { return nil }
        return "Cannot \(what): \(error.message)"
    }

    private static func isFinal(_ error: KubernetesError) -> Bool {
        switch error.code {
        case .badRequest, .forbidden, .invalidObject: true
        case .invalidConfiguration, .credentialUnavailable, .invalidRequest, .unreachable, .timeout, .connectionLost,
            .invalidResponse, .cancelled, .unauthorized, .notFound, .alreadyExists, .conflict, .gone, .tooManyRequests,
            .serverError, .refused:
            false
        }
    }
}
