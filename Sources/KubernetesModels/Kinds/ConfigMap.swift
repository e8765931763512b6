/// A ConfigMap.
public struct ConfigMap: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", isNamespaced: true)

    public var metadata: ObjectMeta
    public var data: [String: String]?
    /// Values in base64.
    public var binaryData: [String: String]?
    public var immutable: Bool?

    public init(
        metadata: ObjectMeta,
        data: [String: String]? = nil,
        binaryData: [String: String]? = nil,
        immutable: Bool? = nil
    ) {
        self.metadata = metadata
        self.data = data
        self.binaryData = binaryData
        self.immutable = immutable
    }
}
