/// A kind with a Swift type.
///
/// Types are lenient and partial: unknown fields are ignored when reading, so an object that was read must not be
/// written back whole unless its type is complete. Change such objects by patch or apply.
public protocol KubernetesResource: Codable, Sendable {
    static var resource: APIResource { get }
    var metadata: ObjectMeta { get set }
}

extension KubernetesResource {
    /// The object as the API server wants it, with `apiVersion` and `kind`.
    public func jsonValue() throws -> JSONValue {
        var value = try JSONValue(encoding: self)
        value["apiVersion"] = .string(Self.resource.apiVersion)
        value["kind"] = .string(Self.resource.kind)
        return value
    }

    /// A reference that makes this object the owner, and the controller, of another.
    ///
    /// - Returns: `nil` when the object has no name or uid yet.
    public func ownerReference(controller: Bool = true, blockOwnerDeletion: Bool = true) -> OwnerReference? {
        guard let name = metadata.name, let uid = metadata.uid else { return nil }
        return OwnerReference(
            apiVersion: Self.resource.apiVersion, kind: Self.resource.kind, name: name, uid: uid,
            controller: controller, blockOwnerDeletion: blockOwnerDeletion)
    }

    /// What an event or another object needs to point here.
    public var objectReference: ObjectReference {
        ObjectReference(
            apiVersion: Self.resource.apiVersion, kind: Self.resource.kind, namespace: metadata.namespace,
            name: metadata.name, uid: metadata.uid, resourceVersion: metadata.resourceVersion)
    }
}
