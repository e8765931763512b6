import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// How clients and members reach the servers.
extension ClusterContext {
    /// Where clients write.
    ///
    /// It selects nothing. With ConfigMaps the leader writes its address into an EndpointSlice as soon as it holds the lock;
    /// with Endpoints the lock itself carries the address.
    ///
    /// - Parameter selectsLabel: selects the Pod labelled primary instead, for agents that write no EndpointSlice. It then
    ///   publishes Pods that are not ready: the label is set only on a promoted primary, and waiting for the kubelet's next
    ///   probe would lengthen every outage.
    func readWriteService(selectsLabel: Bool) -> JSONValue {
        var spec = clientSpec
        var annotations = clientAnnotations ?? [:]
        if selectsLabel {
            spec["selector"] = JSONValue(podSelector.merging([Labels.role: RoleLabel.primary.rawValue]) { $1 })
            spec["publishNotReadyAddresses"] = true
        } else if lockObject == .configMap {
            annotations[StoreKey.route] = StoreKey.routeBySlice
        }
        return object(
            Service.resource, scope.readWriteService, component: Component.access, annotations: annotations,
            ["spec": spec])
    }

    /// Where clients read from replicas: those the agents offer, which leaves out members tagged `noloadbalance`.
    func readOnlyService() -> JSONValue {
        var spec = clientSpec
        spec["selector"] = JSONValue(
            podSelector.merging([
                Labels.role: RoleLabel.replica.rawValue, Labels.isOffered: Labels.offered,
            ]) { $1 })
        return object(
            Service.resource, scope.readOnlyService, component: Component.access, annotations: clientAnnotations,
            ["spec": spec])
    }

    /// Names for the members among themselves, also before they are ready.
    func podsService() -> JSONValue {
        object(
            Service.resource, scope.podsService, component: Component.member,
            [
                "spec": [
                    "clusterIP": "None", "publishNotReadyAddresses": true, "selector": JSONValue(podSelector),
                    "ports": [
                        Self.port("postgres", MemberPod.postgresPort), Self.port("agent", MemberPod.agentPort),
                    ],
                ]
            ])
    }

    /// Keep the store's Endpoints objects: without a Service of its name the controller manager deletes one at its start.
    ///
    /// Without a selector nobody writes into those Endpoints, and without a cluster IP there is nothing to route. An
    /// annotation of leader election in the objects would keep them, too, but not those that exist already
    /// (Patroni #3365 weighs the two).
    func storeServices() -> [JSONValue] {
        scope.storeServices.map {
            object(Service.resource, $0, component: Component.store, ["spec": ["clusterIP": "None"]])
        }
    }

    private var clientAnnotations: [String: String]? { spec.service?.annotations }

    private var clientSpec: JSONValue {
        var client: JSONValue = [
            "type": .string((spec.service?.type ?? .clusterIP).rawValue),
            "ports": [Self.port("postgres", MemberPod.postgresPort)],
        ]
        if let policy = spec.service?.ipFamilyPolicy { client["ipFamilyPolicy"] = .string(policy.rawValue) }
        if let families = spec.service?.ipFamilies, !families.isEmpty {
            client["ipFamilies"] = .array(families.map { .string($0.rawValue) })
        }
        return client
    }

    private static func port(_ name: String, _ number: Int) -> JSONValue {
        ["name": .string(name), "port": JSONValue(number), "protocol": "TCP", "targetPort": .string(name)]
    }

    /// Evictions take one member at a time. A single member has none: its drain would hang for ever.
    func podDisruptionBudget(_ resource: APIResource) -> JSONValue {
        object(
            resource, scope.podDisruptionBudget, component: Component.member,
            ["spec": ["maxUnavailable": 1, "selector": ["matchLabels": JSONValue(podSelector)]]])
    }
}
