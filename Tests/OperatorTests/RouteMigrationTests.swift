import ClusterRecords
import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import Synchronization
import TestSupport
import Testing

/// A cluster whose read-write Service still selects the label, with Kubernetes' own controllers of its endpoints.
@Suite(.timeLimit(.minutes(3))) struct RouteMigrationTests {
    private static let address = "10.9.0.1"
    private let slices = APIResource.endpointSliceV1Beta1

    @Test
    func `the route of a cluster of an earlier version moves into the leader's slice without a moment without one`()
        async throws
    {
        let plane = try await ControlPlane.start()
        do {
            let lab = try await OperatorLab(on: plane)
            try await plane.startControllers(["endpoint", "endpointslice", "endpointslicemirroring"])
            try await migrate(lab)
        } catch {
            try await plane.stop()
            throw error
        }
        try await plane.stop()
    }

    private func migrate(_ lab: OperatorLab) async throws {
        try await lab.apply()
        _ = try await lab.client.createRaw(Node.resource, body: ["metadata": ["name": "node-1"]])
        try await lab.putMember(0, role: "primary", address: Self.address)
        try await makeFormerService(lab)
        try await eventually(
            within: .seconds(60), "Kubernetes has made Endpoints and a slice", { try await sight(lab) }
        ) {
            $0.endpoints == [Self.address] && $0.slices.values.contains([Self.address])
        }
        try await lab.withOperator { _ in
            try await eventually("the store") { try await lab.isPresent(ConfigMap.self, "demo-config") }
            try await lab.annotate("demo-config", [StoreKey.initialization: "7123456789012345678"])
            try await lab.annotate("demo-leader", ["leader": "demo-0", "matriarch.dev/epoch": "5"])
            try await eventually("the agents are told to write the slice") {
                let file = try await lab.object(ConfigMap.resource, "demo-agent").value(at: "data", "agent.json")
                return try JSONValue(parsing: file?.stringValue ?? "null")["route"]?["kind"] == "EndpointSlice"
            }
            #expect(try await selector(lab) != nil)

            // From the first sight on there is an address at every moment.
            let gaps = Mutex(0)
            let first = try await lab.client.listRaw(
                slices, namespace: lab.namespace, labelSelector: "kubernetes.io/service-name=demo")
            let watching = Task {
                var routes = Dictionary(uniqueKeysWithValues: first.items.map { (Self.name($0), Self.addresses($0)) })
                let changes = lab.client.watchRaw(
                    slices, namespace: lab.namespace, labelSelector: "kubernetes.io/service-name=demo",
                    resourceVersion: first.resourceVersion)
                for try await change in changes {
                    switch change {
                    case .added(let slice), .modified(let slice): routes[Self.name(slice)] = Self.addresses(slice)
                    case .deleted(let slice): routes[Self.name(slice)] = nil
                    case .bookmark: break
                    }
                    if !routes.values.contains([Self.address]) { gaps.withLock { $0 += 1 } }
                }
            }
            defer { watching.cancel() }
            try await writeSlice(lab)
            try await lab.touch("written")
            let last = try await eventually(
                within: .seconds(30), "only the leader's slice is left", { try await sight(lab) }
            ) { $0.slices == ["demo-primary": [Self.address]] && $0.endpoints == nil }
            #expect(try await selector(lab) == nil, "\(last)")
            // Nobody makes them again when the operator and the controllers look once more.
            try await lab.touch("again")
            _ = try await lab.client.mergePatchRaw(
                Pod.resource, name: "demo-0", namespace: lab.namespace,
                body: ["metadata": ["labels": ["touched": "again"]]])
            try await eventually("the operator has looked") {
                try await lab.cluster().metadata.annotations?["touched"] == "again"
            }
            #expect(try await sight(lab).slices == ["demo-primary": [Self.address]])
            #expect(gaps.withLock { $0 } == 0)
        }
    }

    // MARK: What others do

    /// As an operator of before has applied it.
    private func makeFormerService(_ lab: OperatorLab) async throws {
        let uid = try #require(try await lab.cluster().metadata.uid)
        _ = try await lab.client.applyRaw(
            Service.resource, name: "demo", namespace: lab.namespace,
            body: [
                "metadata": [
                    "name": "demo", "labels": JSONValue(Labels.all(cluster: "demo", component: "access")),
                    "ownerReferences": [
                        [
                            "apiVersion": .string(PostgresCluster.resource.apiVersion), "kind": "PostgresCluster",
                            "name": "demo", "uid": .string(uid), "controller": true, "blockOwnerDeletion": true,
                        ]
                    ],
                ],
                "spec": [
                    "type": "ClusterIP", "publishNotReadyAddresses": true,
                    "ports": [["name": "postgres", "port": 5432, "protocol": "TCP", "targetPort": 5432]],
                    "selector": [
                        "cluster-name": "demo", "app.kubernetes.io/component": "postgres", "role": "primary",
                    ],
                ],
            ], fieldManager: OperatorNames.fieldManager, force: true)
    }

    /// As the agent of demo-0 writes it.
    private func writeSlice(_ lab: OperatorLab) async throws {
        let uid = try #require(
            try await lab.client.get(Pod.self, name: "demo-0", namespace: lab.namespace).metadata.uid)
        _ = try await lab.client.createRaw(
            slices,
            body: [
                "metadata": [
                    "name": "demo-primary",
                    "labels": [
                        "kubernetes.io/service-name": "demo",
                        "endpointslice.kubernetes.io/managed-by": "matriarch.dev",
                    ],
                    "annotations": ["matriarch.dev/reign": .string("lock/5/demo-0/\(uid)/n")],
                ],
                "addressType": "IPv4",
                "endpoints": [
                    [
                        "addresses": [.string(Self.address)], "conditions": ["ready": true],
                        "targetRef": ["kind": "Pod", "name": "demo-0", "uid": .string(uid)],
                    ]
                ],
                "ports": [["name": "postgres", "port": 5432, "protocol": "TCP"]],
            ], namespace: lab.namespace)
    }

    // MARK: Looking

    private struct Sight: CustomStringConvertible {
        /// Addresses by slice.
        var slices: [String: [String]]
        /// Nil when the object is gone.
        var endpoints: [String]?

        var description: String { "slices \(slices), Endpoints \(endpoints.map { "\($0)" } ?? "gone")" }
    }

    private func sight(_ lab: OperatorLab) async throws -> Sight {
        let list = try await lab.client.listRaw(
            slices, namespace: lab.namespace, labelSelector: "kubernetes.io/service-name=demo")
        var sight = Sight(
            slices: Dictionary(uniqueKeysWithValues: list.items.map { (Self.name($0), Self.addresses($0)) }))
        if try await lab.isPresent(Endpoints.self, "demo") {
            let endpoints = try await lab.client.get(Endpoints.self, name: "demo", namespace: lab.namespace)
            sight.endpoints = (endpoints.subsets ?? []).flatMap { $0.addresses ?? [] }.compactMap(\.ip)
        }
        return sight
    }

    private func selector(_ lab: OperatorLab) async throws -> JSONValue? {
        try await lab.object(Service.resource, "demo").value(at: "spec", "selector")
    }

    private static func name(_ slice: JSONValue) -> String {
        slice.value(at: "metadata", "name")?.stringValue ?? ""
    }

    private static func addresses(_ slice: JSONValue) -> [String] {
        (slice["endpoints"]?.arrayValue ?? []).flatMap { $0["addresses"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    }
}
