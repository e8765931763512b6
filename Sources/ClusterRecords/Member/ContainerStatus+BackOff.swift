import KubernetesModels

extension ContainerStatus {
    /// How long after its last start a container is forgiven its former crashes, in seconds: twice the longest back-off.
    ///
    /// Source: the kubelet's `MaxContainerBackOff` of 300 s.
    private static let secondsUntilForgiven: Int64 = 600

    /// The kubelet waits 10 s or more before it starts the container again.
    ///
    /// It says so about a second after it reported the container's end. Until then its rule tells: the first crash is
    /// forgiven, one within ten minutes of a restart is not. Only times of one kubelet are compared.
    var isHeldBack: Bool {
        if let waiting = state?.waiting { return waiting.reason == "CrashLoopBackOff" }
        guard let terminated = state?.terminated, let restartCount, restartCount > 0,
            let start = terminated.startedAt, let end = terminated.finishedAt
        else { return false }
        let microseconds = end.microsecondsSince1970 - start.microsecondsSince1970
        return microseconds < Self.secondsUntilForgiven * 1_000_000
    }
}
