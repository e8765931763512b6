public import KubernetesModels

/// Who reaches the members over the network.
public struct NetworkPolicySpec: Sendable, Hashable, Codable {
    public var enabled: Bool
    public var postgresql: [NetworkPeer]?
    public var agents: [NetworkPeer]?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case enabled, postgresql, agents
    }

    static let maximumPeers = 32
}

extension NetworkPolicySpec: SchemaObject {
    public static let summary = """
        The NetworkPolicy of the members, which the operator makes where there is this section. It lets the members reach each \
        other, and keeps everybody else from the agents' port unless he is named. Absent: none, and one that was made is removed.
        """

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .enabled:
            Field(
                .boolean,
                "false: the same as no section. Policies of your own count either way.",
                default: true)
        case .postgresql:
            Field(
                .list(of: .object(NetworkPeer.self), maximumCount: maximumPeers),
                "Who besides the members reaches PostgreSQL, port 5432. Absent: everybody, also where another policy of the "
                    + "namespace lets nobody in. An empty list: nobody.")
        case .agents:
            Field(
                .list(of: .object(NetworkPeer.self), maximumCount: maximumPeers),
                "Who besides the members reaches the agents' REST interface, port 8008: Prometheus, a load balancer that asks "
                    + "who leads, the API server for `matriarch list`, which shows members as `unknown` otherwise. Absent: nobody."
            )
        }
    }
}

/// One of those who are let in, as in the `from` of a NetworkPolicy.
public struct NetworkPeer: Sendable, Hashable, Codable {
    public var podSelector: JSONValue?
    public var namespaceSelector: JSONValue?
    public var ipBlock: AddressBlock?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case podSelector, namespaceSelector, ipBlock
    }

    public init(podSelector: JSONValue? = nil, namespaceSelector: JSONValue? = nil, ipBlock: AddressBlock? = nil) {
        self.podSelector = podSelector
        self.namespaceSelector = namespaceSelector
        self.ipBlock = ipBlock
    }
}

extension NetworkPeer: SchemaObject {
    public static let summary = "Pods by their labels, or a range of addresses, as in the `from` of a NetworkPolicy."

    /// An empty peer would be refused by Kubernetes with the whole policy, and nothing else would be brought about.
    public static let rules = [
        Rule(
            .any([.isPresent("podSelector"), .isPresent("namespaceSelector"), .isPresent("ipBlock")]),
            message: "a peer needs podSelector, namespaceSelector or ipBlock"),
        Rule(
            .not(.all([.isPresent("ipBlock"), .any([.isPresent("podSelector"), .isPresent("namespaceSelector")])])),
            message: "ipBlock stands alone: addresses are not selected by labels", at: "ipBlock"),
    ]

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .podSelector:
            Field(
                .passthrough(.object),
                "Labels of the Pods, as in a NetworkPolicy; `{}`: all. Without namespaceSelector those of this namespace."
            )
        case .namespaceSelector:
            Field(.passthrough(.object), "Labels of the Pods' namespaces, as in a NetworkPolicy; `{}`: all.")
        case .ipBlock:
            Field(.object(AddressBlock.self), AddressBlock.summary)
        }
    }
}

/// A range of addresses.
public struct AddressBlock: Sendable, Hashable, Codable {
    public var cidr: String
    public var except: [String]?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case cidr, except
    }

    public init(cidr: String, except: [String]? = nil) {
        self.cidr = cidr
        self.except = except
    }

    private static let range = Shape.text(
        pattern: "^[0-9A-Fa-f.:]+/[0-9]{1,3}$", maxLength: 64, meaning: "a range of addresses such as 10.0.0.0/8")
}

extension AddressBlock: SchemaObject {
    public static let summary = "A range of addresses outside or inside of the Kubernetes cluster."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .cidr: Field(range, "The range, such as 10.0.0.0/8 or fd00::/8.", required: true)
        case .except:
            Field(.list(of: range, maximumCount: 32), "Ranges within it that are not let in.")
        }
    }
}
