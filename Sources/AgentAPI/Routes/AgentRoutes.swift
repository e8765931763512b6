public import AgentShell
public import ClusterRecords
public import HighAvailability
import KubernetesModels
public import Units

/// The agent's REST interface: Patroni's read-only paths, `POST /failsafe`, and our own for elections.
///
/// Bodies and codes are Patroni 4.1's. Everything is answered from a snapshot in memory; only `/matriarch/position` is
/// measured when it is asked.
public struct AgentRoutes: Sendable {
    /// How long a live position may take before the candidate is told that there is none.
    public static let positionBudget = Duration.seconds(1)
    /// How many may wait for one measurement; others are told at once that there is none.
    private static let longestQueue = 100

    private let snapshot: @Sendable () -> MemberSnapshot
    private let position: SharedMeasurement<PositionAnswer>
    private let seal: @Sendable (Seal) async -> PositionAnswer?
    private let metrics: @Sendable () async -> String
    private let failsafe: @Sendable (String) async -> StatusResponse
    private let refusal: @Sendable (StatusRequest) -> StatusResponse?
    private let clock: any AgentClock
    private let keptDecisions = KeptDecisions()

    /// - Parameters:
    ///   - snapshot: called for every request; must not wait.
    ///   - position: measured live; nil when PostgreSQL cannot tell. One at a time, for all who ask; ends by itself.
    ///   - seal: stops receiving WAL and promises an epoch, if this member may; the position in any case.
    ///   - metrics: Prometheus' text.
    ///   - failsafe: answers the body of `POST /failsafe`.
    ///   - refusal: what is said to a request for members alone that does not come from one; nil: it does.
    ///   - clock: that of the snapshot's instants.
    public init(
        snapshot: @escaping @Sendable () -> MemberSnapshot, position: @escaping @Sendable () async -> PositionAnswer?,
        seal: @escaping @Sendable (Seal) async -> PositionAnswer? = { _ in nil },
        metrics: @escaping @Sendable () async -> String,
        failsafe: @escaping @Sendable (String) async -> StatusResponse,
        refusal: @escaping @Sendable (StatusRequest) -> StatusResponse?,
        clock: any AgentClock
    ) {
        self.snapshot = snapshot
        self.position = SharedMeasurement(limit: Self.longestQueue, clock: clock, position)
        self.seal = seal
        self.metrics = metrics
        self.failsafe = failsafe
        self.refusal = refusal
        self.clock = clock
    }

    /// Answers one request.
    @Sendable public func respond(to request: StatusRequest) async -> StatusResponse {
        if Self.isForMembers(request), let refused = refusal(request) { return refused }
        if request.method == .post, request.path == PeerPath.failsafe.rawValue { return await failsafe(request.body) }
        if request.method == .post, request.path == PeerPath.seal.rawValue { return await sealResponse(request.query) }
        guard request.method == .get || request.method == .statusOnly else {
            return .text("this interface is read-only; change the PostgresCluster resource\n", status: 501)
        }
        if request.path == PeerPath.position.rawValue { return await positionResponse() }
        if request.path == PeerPath.decisions.rawValue { return decisionsResponse(snapshot()) }
        // Patroni routes on the first segment alone.
        switch "/\(request.path.split(separator: "/").first ?? "")" {
        case PeerPath.member.rawValue: return .json(snapshot().document(at: clock.now).serialized())
        case "/cluster": return clusterResponse(snapshot())
        case "/history": return .json(snapshot().historyJSON ?? "[]")
        case "/config": return configurationResponse(snapshot())
        case PeerPath.failsafe.rawValue: return failsafeResponse(snapshot())
        case "/metrics": return .metrics(await metrics())
        case "/liveness": return StatusResponse(status: snapshot().isAlive(at: clock.now) ? 200 : 503)
        case "/readiness":
            return StatusResponse(status: snapshot().isReady(query: request.query, now: clock.now) ? 200 : 503)
        case _: return healthResponse(request, snapshot())
        }
    }

    /// Measures or changes something. Whom the leader would ask may be read by anybody.
    private static func isForMembers(_ request: StatusRequest) -> Bool {
        guard let path = PeerPath(rawValue: request.path), path.isForMembers else { return false }
        return path != .failsafe || request.method == .post
    }

    private func healthResponse(_ request: StatusRequest, _ member: MemberSnapshot) -> StatusResponse {
        let now = clock.now
        let passes = HealthCheck(path: request.path).passes(member, query: request.query, now: now)
        return .json(member.document(at: now).serialized(), status: passes ? 200 : 503)
    }

    /// Patroni answers 502 while the mode is off.
    private func failsafeResponse(_ member: MemberSnapshot) -> StatusResponse {
        guard let list = member.failsafeMembers else { return StatusResponse(status: 502) }
        return .json(
            OrderedJSON.object(list.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }).serialized())
    }

    /// As it is in the store, where nothing in it may be a password. What cannot be read cannot be told from one.
    private func configurationResponse(_ member: MemberSnapshot) -> StatusResponse {
        guard let text = member.configurationJSON else { return StatusResponse(status: 502) }
        do {
            let stored = try JSONValue(parsing: text)
            let shown = stored.shownConfiguration
            return .json(shown == stored ? text : shown.serialized())
        } catch {
            return .text("the configuration in the store is no JSON\n", status: 502)
        }
    }

    private func decisionsResponse(_ member: MemberSnapshot) -> StatusResponse {
        .json(keptDecisions.text(DecisionAnswer(member: member.name, decisions: member.decisions)))
    }

    private func clusterResponse(_ member: MemberSnapshot) -> StatusResponse {
        guard let cluster = member.cluster else { return .text("the store has not been read yet\n", status: 503) }
        return .json(cluster.document(scope: member.scope).serialized())
    }

    /// `POST /matriarch/seal?epoch=8&lock=41`: the promise a candidate asks for, over the lock in that version.
    private func sealResponse(_ query: [String: String]) async -> StatusResponse {
        guard let wanted = Seal(query: query) else { return .text("epoch and lock are needed\n", status: 400) }
        guard let answer = await seal(wanted) else {
            return .text("position unknown\n", status: 503)
        }
        return .json(answer.json.serialized())
    }

    private func positionResponse() async -> StatusResponse {
        let answer = await withTaskGroup(of: PositionAnswer?.self) { group in
            group.addTask { await position.value() }
            group.addTask {
                // Ends early, by cancellation, when the measurement was faster.
                try? await clock.sleep(for: Self.positionBudget)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let answer else { return .text("position unknown\n", status: 503) }
        return .json(answer.json.serialized())
    }
}
