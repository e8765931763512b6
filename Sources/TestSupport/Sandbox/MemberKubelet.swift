import KubernetesClient
import KubernetesModels

/// What a kubelet does for the members of a cluster: it starts their containers again when they end, and tells the API
/// server what it saw.
///
/// A container that ends for the first time in a while is started again at once; the next times it is held back, longer
/// each time. As with the kubelet, the status comes late when the API server is away, and the restart does not wait for it.
public actor MemberKubelet {
    private let cluster: MemberCluster
    private let client: KubernetesClient
    /// How long a container is held back after its first end, its second and so on; the last value holds for all that
    /// follow. The count begins again after a minute without an end.
    private var backOff: [Duration]
    /// A kubelet looks at its containers once a second.
    private static let noticeMilliseconds = 50...1000
    private var restarts: [String: Int] = [:]
    private var lastEnd: [String: ContinuousClock.Instant] = [:]
    /// Owned here: started by ``start()``, ended by ``stop()``.
    private var work: Task<Void, Never>?

    public init(
        for cluster: MemberCluster, backOff: [Duration] = [.zero, .seconds(2), .seconds(4), .seconds(8)]
    ) {
        self.cluster = cluster
        self.backOff = backOff
        client = KubernetesClient(configuration: cluster.controlPlane.admin)
    }

    public func holdBack(_ backOff: [Duration]) { self.backOff = backOff }

    /// Begins to look after every member; those that do not run yet are started.
    public func start() {
        guard work == nil else { return }
        let members = cluster.members
        work = Task {
            await withTaskGroup { group in
                for member in members { group.addTask { await self.lookAfter(member) } }
            }
        }
    }

    /// Looks after nobody any more; what runs goes on running.
    public func stop() async {
        work?.cancel()
        await work?.value
        work = nil
    }

    /// How often a member's container was started again.
    public func restartCount(of name: String) -> Int { restarts[name] ?? 0 }

    private func lookAfter(_ member: MemberProcess) async {
        do {
            if !member.isRunning {
                try member.start()
                await report(member, state: ["running": [:]])
            }
            while !Task.isCancelled {
                while member.isRunning { try await Task.sleep(for: .milliseconds(50)) }
                try await Task.sleep(for: .milliseconds(Int.random(in: Self.noticeMilliseconds)))
                try await startAgain(member)
            }
        } catch is CancellationError {
            return
        } catch {
            print("\(member.name) is not started again: \(error)")
        }
    }

    private func startAgain(_ member: MemberProcess) async throws {
        var terminated: JSONValue = [
            "containerID": .string("test://\(member.containerID ?? "")"),
            "exitCode": .int(Int64(member.exitStatus ?? 255)), "reason": "Error",
        ]
        if let message = member.terminationMessage, !message.isEmpty { terminated["message"] = .string(message) }
        let ended: JSONValue = ["terminated": terminated]
        let now = ContinuousClock.now
        let isFirst = lastEnd[member.name].map { now - $0 > .seconds(60) } ?? true
        lastEnd[member.name] = now
        let number = isFirst ? 0 : (restarts[member.name] ?? 0)
        restarts[member.name] = number + 1
        let pause = backOff.isEmpty ? .zero : backOff[min(number, backOff.count - 1)]
        // Told beside the restart, which does not wait for the API server.
        async let told: Void = report(
            member, state: pause == .zero ? ended : ["waiting": ["reason": "CrashLoopBackOff"]],
            last: pause == .zero ? nil : ended)
        try await Task.sleep(for: pause)
        try member.start()
        await told
        await report(member, state: ["running": [:]], last: ended)
    }

    private func report(_ member: MemberProcess, state: JSONValue, last: JSONValue? = nil) async {
        var status: JSONValue = [
            "name": "postgres", "image": "none", "imageID": "", "ready": .bool(state["running"] != nil),
            "restartCount": .int(Int64(restarts[member.name] ?? 0)), "state": state,
            "containerID": .string("test://\(member.containerID ?? "")"),
        ]
        if let last { status["lastState"] = last }
        let body: JSONValue = [
            "status": ["phase": "Running", "podIP": .string(member.address), "containerStatuses": [status]]
        ]
        // Tried until it is told or out of date; an API server that is away is one of the faults.
        let deadline = ContinuousClock.now + .seconds(20)
        while !Task.isCancelled, ContinuousClock.now < deadline {
            do {
                _ = try await client.mergePatchRaw(
                    Pod.resource, name: member.name, namespace: cluster.namespace, body: body, subresource: "status",
                    deadline: .seconds(2))
                return
            } catch {
                guard (try? await Task.sleep(for: .milliseconds(200))) != nil else { return }  // Cancelled.
            }
        }
    }
}
