/// What the kubelet last reported about one container.
public struct ContainerStatus: Codable, Sendable, Hashable {
    public var name: String?
    public var ready: Bool?
    public var started: Bool?
    public var restartCount: Int?
    public var image: String?
    public var imageID: String?
    /// Scheme and identifier, as `containerd://…`.
    public var containerID: String?
    public var state: ContainerState?
    public var lastState: ContainerState?

    public init(
        name: String? = nil,
        ready: Bool? = nil,
        started: Bool? = nil,
        restartCount: Int? = nil,
        image: String? = nil,
        imageID: String? = nil,
        containerID: String? = nil,
        state: ContainerState? = nil,
        lastState: ContainerState? = nil
    ) {
        self.name = name
        self.ready = ready
        self.started = started
        self.restartCount = restartCount
        self.image = image
        self.imageID = imageID
        self.containerID = containerID
        self.state = state
        self.lastState = lastState
    }
}
