public import KubernetesModels

/// That the agents write the route of the read-write Service, and whose it is: `route` of the agent file.
///
/// Absent from the file of a cluster whose Service selects the leader's label.
public struct RouteSettings: Hashable, Sendable {
    /// nil in clusters nobody manages.
    public var owner: RouteOwner?

    public init(owner: RouteOwner? = nil) {
        self.owner = owner
    }

    /// The only kind there is: an EndpointSlice that the leader writes.
    public static let kind = StoreKey.routeBySlice

    /// Reads `{"kind": "EndpointSlice", "owner": {"apiVersion", "kind", "name", "uid"}}`.
    init(json: JSONValue) throws(Problem) {
        let kind = json["kind"]?.stringValue
        guard kind == Self.kind else {
            throw Problem(path: "route.kind", value: kind, rule: "must be \(Self.kind)", refuser: .agent)
        }
        guard let owner = json["owner"], !owner.isNull else { return }
        guard let read = RouteOwner(json: owner) else {
            throw Problem(
                path: "route.owner", value: owner.serialized(), rule: "needs apiVersion, kind, name and uid",
                refuser: .agent)
        }
        self.owner = read
    }

    var json: JSONValue {
        var json: JSONValue = ["kind": .string(Self.kind)]
        if let owner { json["owner"] = owner.json }
        return json
    }
}

/// Whom the route's objects belong to, so that they go with the cluster.
public struct RouteOwner: Hashable, Sendable {
    /// Of the owner, `matriarch.dev/v1alpha1`.
    public var apiVersion: String
    /// Of the owner, `PostgresCluster`.
    public var kind: String
    public var name: String
    /// Of this very object: one made later under its name owns nothing.
    public var uid: String

    public init(apiVersion: String, kind: String, name: String, uid: String) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
    }

    init?(json: JSONValue) {
        guard let apiVersion = json["apiVersion"]?.stringValue, let kind = json["kind"]?.stringValue,
            let name = json["name"]?.stringValue, let uid = json["uid"]?.stringValue
        else { return nil }
        self.init(apiVersion: apiVersion, kind: kind, name: name, uid: uid)
    }

    /// As an object's owner reference.
    public var json: JSONValue {
        ["apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name), "uid": .string(uid)]
    }
}
