public import ClusterRecords
public import HighAvailability
public import KubernetesModels
import Units

/// One EndpointSlice behind the read-write Service: where it leads to for one family of addresses.
public struct RouteSlice: Hashable, Sendable {
    public var family: RouteFamily
    public var target: RoutingTarget
    public var owner: RouteOwner?

    public init(to target: RoutingTarget, owner: RouteOwner?) {
        family = RouteFamily(of: target.address)
        self.target = target
        self.owner = owner
    }

    /// - Parameter resource: a version of EndpointSlice the server serves.
    /// - Returns: the object as it is written, without its name, its version and its reign.
    public func body(_ scope: Scope, as resource: APIResource) -> JSONValue {
        let labels = Labels.all(cluster: scope.cluster, component: Component.access).merging([
            EndpointSliceLabel.service: scope.readWriteService,
            EndpointSliceLabel.managedBy: EndpointSliceLabel.managedByMatriarch,
        ]) { $1 }
        var metadata: JSONValue = ["labels": JSONValue(labels)]
        if let owner { metadata["ownerReferences"] = [owner.json] }
        var endpoint: JSONValue = [
            "addresses": [.string(target.address)], "conditions": ["ready": true],
            "targetRef": [
                "kind": "Pod", "namespace": .string(scope.namespace), "name": .string(target.pod),
                "uid": .string(target.podUID),
            ],
        ]
        if let node = target.node {
            if resource == .endpointSliceV1Beta1 {
                // `nodeName` is behind a feature gate there, and would be dropped without a word.
                endpoint["topology"] = [Labels.hostname: .string(node)]
            } else {
                endpoint["nodeName"] = .string(node)
            }
        }
        return [
            "metadata": metadata, "addressType": .string(family.rawValue), "endpoints": [endpoint],
            "ports": [["name": "postgres", "port": .int(Int64(target.port)), "protocol": "TCP"]],
        ]
    }
}

/// A slice as it was read.
public struct StoredRoute: Hashable, Sendable {
    public var version: String
    /// The reign it was written under; nil when it does not say.
    public var reign: Reign?
    /// Names of the Pods it leads to.
    public var members: [String]
    private var essence: JSONValue

    /// - Parameter json: the object as the server has it.
    public init(_ json: JSONValue) {
        let metadata = json["metadata"]
        version = metadata?["resourceVersion"]?.stringValue ?? ""
        reign = metadata?["annotations"]?[StoreKey.reign]?.stringValue.flatMap { Reign($0) }
        members = (json["endpoints"]?.arrayValue ?? []).compactMap {
            $0.value(at: "targetRef", "name")?.stringValue
        }
        essence = Self.essence(of: json)
    }

    /// For the rule: whether it leads to where `wanted` says, and nowhere else.
    func found(_ body: JSONValue) -> FoundRoute {
        FoundRoute(version: version, reign: reign, isAsWanted: essence == Self.essence(of: body))
    }

    /// What decides where traffic goes and whose the object is; the same of what is written and of what the server makes of it.
    private static func essence(of json: JSONValue) -> JSONValue {
        let metadata = json["metadata"]
        func label(_ key: String) -> JSONValue { metadata?["labels"]?[key] ?? .null }
        let endpoints = (json["endpoints"]?.arrayValue ?? []).map { endpoint -> JSONValue in
            [
                "addresses": endpoint["addresses"] ?? [],
                "ready": endpoint.value(at: "conditions", "ready") ?? true,
                "node": endpoint["nodeName"] ?? endpoint["topology"]?[Labels.hostname] ?? .null,
                "pod": endpoint.value(at: "targetRef", "uid") ?? .null,
            ]
        }
        let ports = (json["ports"]?.arrayValue ?? []).map { port -> JSONValue in
            ["name": port["name"] ?? .null, "port": port["port"] ?? .null, "protocol": port["protocol"] ?? "TCP"]
        }
        return [
            "service": label(EndpointSliceLabel.service), "manager": label(EndpointSliceLabel.managedBy),
            "owners": .array((metadata?["ownerReferences"]?.arrayValue ?? []).compactMap { $0["uid"] }),
            "type": json["addressType"] ?? .null, "endpoints": .array(endpoints), "ports": .array(ports),
        ]
    }
}
