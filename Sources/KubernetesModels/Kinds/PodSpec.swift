/// What a Pod is asked to run.
public struct PodSpec: Codable, Sendable, Hashable {
    /// The node it is bound to; absent until scheduled.
    public var nodeName: String?
    public var hostname: String?
    public var subdomain: String?
    public var serviceAccountName: String?
    public var restartPolicy: String?
    public var terminationGracePeriodSeconds: Int?
    public var containers: [Container]?

    public init(
        nodeName: String? = nil,
        hostname: String? = nil,
        subdomain: String? = nil,
        serviceAccountName: String? = nil,
        restartPolicy: String? = nil,
        terminationGracePeriodSeconds: Int? = nil,
        containers: [Container]? = nil
    ) {
        self.nodeName = nodeName
        self.hostname = hostname
        self.subdomain = subdomain
        self.serviceAccountName = serviceAccountName
        self.restartPolicy = restartPolicy
        self.terminationGracePeriodSeconds = terminationGracePeriodSeconds
        self.containers = containers
    }
}
