import ClusterRecords
import HighAvailability
public import KubernetesModels
import PostgresClusterAPI

/// What leads to the read-write Service beside the Service itself.
///
/// With the lock in ConfigMaps; an Endpoints object that is the lock is part of the store.
public struct ObservedRoute: Sendable, Hashable {
    /// The EndpointSlices that name the Service, whoever writes them: whole, as JSON.
    public var slices: [JSONValue]
    /// The Endpoints object of the Service's name, which only Kubernetes makes here; nil when there is none.
    public var endpoints: ObjectMeta?

    public init(slices: [JSONValue] = [], endpoints: ObjectMeta? = nil) {
        self.slices = slices
        self.endpoints = endpoints
    }
}

/// An EndpointSlice an agent has written: the member it leads to, and under which lock.
struct AgentSlice: Sendable, Hashable {
    let name: String
    let uid: String?
    let resourceVersion: String?
    /// Pods it leads to, by UID; the same Pod for each of its addresses.
    let pods: Set<String>
    /// Whose lock it was written under.
    let reign: Reign

    /// - Returns: nil for a slice of somebody else, or without the reign it was written under.
    init?(_ json: JSONValue) {
        let metadata = json["metadata"]
        guard metadata?["labels"]?[EndpointSliceLabel.managedBy]?.stringValue == EndpointSliceLabel.managedByMatriarch,
            let name = metadata?["name"]?.stringValue,
            let reign = metadata?["annotations"]?[StoreKey.reign]?.stringValue.flatMap({ Reign($0) })
        else { return nil }
        self.name = name
        uid = metadata?["uid"]?.stringValue
        resourceVersion = metadata?["resourceVersion"]?.stringValue
        self.reign = reign
        pods = Set(
            (json["endpoints"]?.arrayValue ?? []).compactMap { $0.value(at: "targetRef", "uid")?.stringValue })
    }
}
