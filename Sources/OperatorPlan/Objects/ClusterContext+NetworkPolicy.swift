import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// Who reaches the members.
extension ClusterContext {
    /// The members reach each other, and PostgreSQL is for everybody unless the spec says for whom. The agents' port is for the
    /// members and who is named; the port of the probes is in no rule.
    ///
    /// A node reaches the Pods it runs whatever a policy says, so the kubelet needs no rule. The operator speaks with no member.
    func networkPolicy() -> JSONValue {
        let wanted = spec.networkPolicy
        let members = NetworkPeer(podSelector: ["matchLabels": JSONValue(podSelector)])
        let rules = [
            Self.rule(from: [members], to: [MemberPod.postgresPort, MemberPod.agentPort]),
            Self.rule(from: wanted?.postgresql, to: [MemberPod.postgresPort]),
            Self.rule(from: wanted?.agents ?? [], to: [MemberPod.agentPort]),
        ]
        return object(
            .networkPolicy, scope.networkPolicy, component: Component.member,
            [
                "spec": [
                    "podSelector": ["matchLabels": JSONValue(podSelector)], "policyTypes": ["Ingress"],
                    "ingress": .array(rules.compactMap(\.self)),
                ]
            ])
    }

    /// - Parameter peers: nil: everybody.
    /// - Returns: nil for nobody: a rule whose list is empty lets in everybody.
    private static func rule(from peers: [NetworkPeer]?, to ports: [Int]) -> JSONValue? {
        guard peers?.isEmpty != true else { return nil }
        var rule: JSONValue = [
            "ports": .array(ports.map { ["port": JSONValue($0), "protocol": "TCP"] })
        ]
        if let peers { rule["from"] = .array(peers.map(\.json)) }
        return rule
    }
}

extension NetworkPeer {
    fileprivate var json: JSONValue {
        var peer: JSONValue = [:]
        if let podSelector { peer["podSelector"] = podSelector }
        if let namespaceSelector { peer["namespaceSelector"] = namespaceSelector }
        if let ipBlock {
            var block: JSONValue = ["cidr": .string(ipBlock.cidr)]
            if let except = ipBlock.except, !except.isEmpty { block["except"] = .array(except.map { .string($0) }) }
            peer["ipBlock"] = block
        }
        return peer
    }
}
