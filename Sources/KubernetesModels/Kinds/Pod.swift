/// A Pod, read-only and partial: never written back whole.
public struct Pod: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "", version: "v1", kind: "Pod", plural: "pods", isNamespaced: true)

    public var metadata: ObjectMeta
    public var spec: PodSpec?
    public var status: PodStatus?

    public init(metadata: ObjectMeta, spec: PodSpec? = nil, status: PodStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}
