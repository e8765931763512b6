import KubernetesModels

/// A Pod as the API server has it; ``Pod`` is what it stands for.
typealias PodObject = KubernetesModels.Pod

/// The API server's objects as agents see them: annotations and labels, one revision for every change.
struct ObjectServer {
    private(set) var revision = 1000
    /// The store's, by name.
    private(set) var objects: [String: ObjectMeta] = [:]
    /// The cluster's, by name.
    private(set) var pods: [String: PodObject] = [:]
    /// EndpointSlices, by name.
    private(set) var slices: [String: JSONValue] = [:]
    private var made = 0

    /// What a watch shows.
    enum Change {
        case object(ObjectMeta)
        case objectIsGone(ObjectMeta)
        case pod(PodObject)
        case podIsGone(PodObject)
        case slice(String, JSONValue?)
    }

    private mutating func nextVersion() -> String {
        revision += 1
        return String(revision)
    }

    // MARK: Objects

    mutating func create(_ name: String, _ annotations: [String: String]) throws(WorldFailure) -> ObjectMeta {
        guard objects[name] == nil else { throw .alreadyExists }
        made += 1
        let object = ObjectMeta(
            name: name, uid: "object\(made)", resourceVersion: nextVersion(), annotations: annotations)
        objects[name] = object
        return object
    }

    mutating func patch(
        _ name: String, _ annotations: [String: String?], over version: String?
    ) throws(WorldFailure) -> ObjectMeta {
        guard var object = objects[name] else { throw .notFound }
        guard version == nil || version == object.resourceVersion else { throw .conflict }
        var merged = object.annotations ?? [:]
        for (key, value) in annotations { merged[key] = value }
        guard merged != object.annotations else { return object }
        object.annotations = merged
        object.resourceVersion = nextVersion()
        objects[name] = object
        return object
    }

    /// Somebody removes it by hand.
    mutating func delete(_ name: String) -> ObjectMeta? {
        revision += 1
        return objects.removeValue(forKey: name)
    }

    // MARK: Pods

    mutating func put(_ pod: PodObject) -> PodObject {
        var pod = pod
        pod.metadata.resourceVersion = nextVersion()
        pods[pod.metadata.name ?? ""] = pod
        return pod
    }

    /// - Parameter uid: of the only Pod that is meant.
    mutating func patchPod(
        _ name: String, uid: String?, annotations: [String: String?], labels: [String: String?]
    ) throws(WorldFailure) -> PodObject {
        guard var pod = pods[name] else { throw .notFound }
        guard uid == nil || uid == pod.metadata.uid else { throw .conflict }
        var (merged, marks) = (pod.metadata.annotations ?? [:], pod.metadata.labels ?? [:])
        for (key, value) in annotations { merged[key] = value }
        for (key, value) in labels { marks[key] = value }
        guard (merged, marks) != (pod.metadata.annotations ?? [:], pod.metadata.labels ?? [:]) else { return pod }
        (pod.metadata.annotations, pod.metadata.labels) = (merged, marks)
        return put(pod)
    }

    mutating func deletePod(_ name: String) -> PodObject? {
        revision += 1
        return pods.removeValue(forKey: name)
    }

    // MARK: Slices

    /// - Returns: whether there was one.
    mutating func deleteSlice(_ name: String) -> Bool {
        revision += 1
        return slices.removeValue(forKey: name) != nil
    }

    mutating func writeSlice(_ name: String, _ body: JSONValue, over version: String?) throws(WorldFailure) -> JSONValue
    {
        let found = slices[name]?.value(at: "metadata", "resourceVersion")?.stringValue
        guard found == version else { throw version == nil ? .alreadyExists : .conflict }
        var metadata = body["metadata"] ?? [:]
        metadata["resourceVersion"] = .string(nextVersion())
        var body = body
        body["metadata"] = metadata
        slices[name] = body
        return body
    }
}
