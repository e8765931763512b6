import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI

/// What agents and kubelet do.
extension World {
    /// Members `0..<count` run, `leader` leads.
    mutating func run(
        _ count: Int, leader: Int, timeline: Int64 = 1, revision: String = "r1", serverVersion: Int? = nil
    ) {
        observed.pods = (0..<count).map {
            member(
                $0, role: $0 == leader ? "primary" : "replica", timeline: timeline, revision: revision,
                serverVersion: serverVersion)
        }
        observed.volumeClaims.formUnion((0..<count).map { "data-demo-\($0)" })
        self[store: "demo-leader"] = ["leader": .string("demo-\(leader)")]
        self[store: "demo-config"] = ["initialize": "7300000000000000001"]
    }

    func member(
        _ ordinal: Int, role: String?, state: String = "running", timeline: Int64 = 1, isReady: Bool = true,
        revision: String = "r1", problem: String? = nil, serverVersion: Int? = nil
    ) -> Pod {
        var status: JSONValue = [
            "state": .string(state), "timeline": .int(timeline),
            "postmaster_start_time": .string("started demo-\(ordinal)"), "route": "EndpointSlice",
        ]
        if let role { status["role"] = .string(role) }
        if let serverVersion { status["server_version"] = JSONValue(serverVersion) }
        if let problem { status["problem"] = .string(problem) }
        var metadata = ObjectMeta(name: "demo-\(ordinal)", namespace: "default", uid: "pod-\(ordinal)-\(revision)")
        metadata.labels = Labels.all(cluster: "demo", component: "postgres").merging([
            "controller-revision-hash": revision
        ]) { $1 }
        if role != nil { metadata.annotations = ["status": status.serialized()] }
        return Pod(
            metadata: metadata, spec: PodSpec(nodeName: "node-1", containers: containers),
            status: PodStatus(
                phase: "Running", conditions: [PodCondition(type: "Ready", status: isReady ? "True" : "False")],
                containerStatuses: [
                    ContainerStatus(
                        name: "postgres", ready: isReady, state: ContainerState(running: ContainerStateRunning()))
                ]))
    }

    /// As the StatefulSet's template has them, with what the operator looks at.
    private var containers: [Container]? {
        let template = observed.objects[ObjectKey(StatefulSet.resource, "demo")]?.value(at: "spec", "template", "spec")
        return template?["containers"]?.arrayValue?.map { container in
            Container(
                name: container["name"]?.stringValue, image: container["image"]?.stringValue,
                ports: container["ports"]?.arrayValue?.map {
                    ContainerPort(name: $0["name"]?.stringValue, containerPort: $0["containerPort"]?.intValue)
                })
        }
    }

    /// The kubelet's word on the Pod that asks an image.
    ///
    /// - Parameter owner: uid of the Pod's StatefulSet; nil: the one that is there.
    mutating func describeImageCheck(_ state: ContainerState, owner: String? = nil) {
        guard let check = observed.imageCheck else { return }
        let set = check.statefulSet
        let pod = Pod(
            metadata: ObjectMeta(
                name: "image-check-0",
                ownerReferences: [
                    OwnerReference(
                        apiVersion: "apps/v1", kind: "StatefulSet", name: "image-check",
                        uid: owner ?? set.value(at: "metadata", "uid")?.stringValue ?? "")
                ]),
            spec: PodSpec(
                containers: [
                    Container(
                        name: "image-check",
                        image: set.value(at: "spec", "template", "spec", "containers")?[0]?["image"]?.stringValue)
                ]),
            status: PodStatus(containerStatuses: [ContainerStatus(name: "image-check", state: state)]))
        observed.imageCheck?.pod = pod
    }

    /// The image has said `text` and its container has ended.
    mutating func answerImageCheck(_ text: String, owner: String? = nil) {
        describeImageCheck(
            ContainerState(terminated: ContainerStateTerminated(exitCode: 0, message: text)), owner: owner)
    }

    /// The agents carry out the request that lies in the store.
    mutating func switchOver(
        to leader: Int, timeline: Int64, outageMillis: Int64 = 300, reason: String = "handed over",
        loss: String? = nil
    ) {
        let request = self[store: "demo-failover"]
        var result: JSONValue = [
            "id": request["matriarch.dev/request-id"] ?? .null, "outcome": "succeeded",
            "from": request["leader"] ?? .null, "to": .string("demo-\(leader)"), "outageMillis": .int(outageMillis),
            "reason": .string(reason),
        ]
        if let loss { result["loss"] = .string(loss) }
        let count = observed.pods.count
        let revisions = observed.pods.map { $0.metadata.labels?["controller-revision-hash"] ?? "r1" }
        run(count, leader: leader, timeline: timeline)
        for (index, revision) in revisions.enumerated() {
            observed.pods[index].metadata.labels?["controller-revision-hash"] = revision
        }
        self[store: "demo-config"] = ["matriarch.dev/switchover-result": .string(result.serialized())]
        clearRequest()
    }

    mutating func clearRequest() {
        self[store: "demo-failover"] = ["leader": .null, "member": .null, "matriarch.dev/request-id": .null]
    }

    /// What the StatefulSet controller reports.
    mutating func reportRevision(_ revision: String) {
        let key = ObjectKey(StatefulSet.resource, "demo")
        observed.objects[key] = observed.objects[key]?.merging([
            "metadata": ["generation": 2], "status": ["observedGeneration": 2, "updateRevision": .string(revision)],
        ])
    }

    var replicas: Int? {
        observed.objects[ObjectKey(StatefulSet.resource, "demo")]?.value(at: "spec", "replicas")?.intValue
    }

    mutating func advance(_ seconds: Int64) {
        now = now + .seconds(seconds)
    }

    func condition(_ kind: Condition.Kind) throws -> String {
        let condition = try status.condition(kind)
        return condition.map { "\($0.status.rawValue) \($0.reason)" } ?? "absent"
    }
}
