/// Which kind of Kubernetes object carries the lock and everything beside it.
public enum LockObject: String, Hashable, Sendable, Codable, CaseIterable {
    case configMap = "ConfigMap"
    case endpoints = "Endpoints"
}
