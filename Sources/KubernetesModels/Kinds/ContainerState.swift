/// Exactly one of the three is set; none means waiting.
public struct ContainerState: Codable, Sendable, Hashable {
    public var waiting: ContainerStateWaiting?
    public var running: ContainerStateRunning?
    public var terminated: ContainerStateTerminated?

    public init(
        waiting: ContainerStateWaiting? = nil,
        running: ContainerStateRunning? = nil,
        terminated: ContainerStateTerminated? = nil
    ) {
        self.waiting = waiting
        self.running = running
        self.terminated = terminated
    }
}

/// The container has not started yet.
public struct ContainerStateWaiting: Codable, Sendable, Hashable {
    public var reason: String?
    public var message: String?

    public init(reason: String? = nil, message: String? = nil) {
        self.reason = reason
        self.message = message
    }
}

/// The container runs.
public struct ContainerStateRunning: Codable, Sendable, Hashable {
    public var startedAt: Timestamp?

    public init(startedAt: Timestamp? = nil) {
        self.startedAt = startedAt
    }
}

/// The container has ended.
public struct ContainerStateTerminated: Codable, Sendable, Hashable {
    public var exitCode: Int?
    public var signal: Int?
    public var reason: String?
    public var message: String?
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?
    /// The instance that ended; the only sound proof of whose death this is.
    public var containerID: String?

    public init(
        exitCode: Int? = nil,
        signal: Int? = nil,
        reason: String? = nil,
        message: String? = nil,
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil,
        containerID: String? = nil
    ) {
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.containerID = containerID
    }
}
