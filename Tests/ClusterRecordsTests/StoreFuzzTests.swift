import HighAvailability
import KubernetesModels
import Testing
import Units

@testable import ClusterRecords

/// Whatever stands in the store, no agent ends of it, and what was decided on it can be decided on.
@Suite struct StoreFuzzTests {
    /// Of this run; to run one again, put its number here.
    private static let seed = UInt64.random(in: 0 ... .max)

    @Test func `annotations of every odd kind are read, judged and written over by nobody who ends of it`() {
        print("StoreFuzzTests: seed \(Self.seed)")
        var random = Scrambler(seed: Self.seed)
        let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n0")
        for _ in 0..<20_000 {
            let annotations = random.annotations()
            let lock = LockRecord(version: "7", objectUID: "lock", annotations: annotations)
            _ = LockRecord.problems(in: annotations)
            #expect(LockRecord.epochs.contains(lock.epoch), "seed \(Self.seed)")
            let claim = LockClaim(identity: me, ttl: .seconds(20)).acquisition(over: lock, time: "now")
            let taken = LockRecord(version: "8", objectUID: "lock", annotations: claim.compactMapValues { $0 })
            #expect(taken.hasReadableEpoch && taken.epoch == Seal(for: lock).epoch, "seed \(Self.seed)")
            judge(lock, annotations, me)
            synchronous(annotations, lock)
            _ =
                StoreProblems(
                    in: Scope(namespace: "shop", cluster: "demo"), lockObject: .configMap, leader: annotations,
                    synchronization: annotations, configuration: annotations
                ).problems
            _ = Initialization(annotations: annotations)
            _ = FailoverRequest(annotations: annotations)
            _ = TimelineSwitch.kindsAnnotation(
                TimelineSwitch.list(
                    annotation: annotations[StoreKey.history], kinds: annotations[StoreKey.historyKinds]))
            _ = annotations[StoreKey.restart].map { RestartOrder(annotation: $0) }
            _ = annotations[StoreKey.reinitialize].map { ReinitializeOrder(annotation: $0) }
            _ = annotations[StoreKey.switchoverResult].map { SwitchoverResult(annotation: $0)?.annotation }
            _ = annotations[StoreKey.loss].map { FailoverLoss(annotation: $0)?.annotation }
            _ = AbandonedReport.all(in: annotations).mapValues(\.annotation)
            if let text = annotations[StoreKey.configuration], let json = try? JSONValue(parsing: text) {
                let (read, _) = DynamicConfiguration.reading(json, former: DynamicConfiguration())
                _ = read.timings.validationError
                #expect(read.timings.ttl >= .seconds(3), "seed \(Self.seed)")
            }
            _ = Reign(random.reign())
            _ = LSN(random.text())
            _ = SynchronousStandbyNames(random.text())
            member(annotations)
        }
    }

    private func judge(_ lock: LockRecord, _ annotations: [String: String], _ me: HolderIdentity) {
        var observer = LockObserver(me: HolderIdentity(member: "demo-1", podUID: "u1", nonce: "n1"))
        let now = BootInstant(nanoseconds: 1_000_000_000)
        observer.observe(lock, at: now)
        _ = observer.standing(at: now + .seconds(1), ttl: .seconds(20), holder: nil)
        _ = observer.expiry(ttl: .seconds(20))
        let request = FailsafeRequest(
            leader: me.member,
            claim: .init(identity: me, epoch: lock.epoch, ttl: .seconds(20), member: "demo-1", podUID: "u1"))
        _ = observer.answer(request, isPrimary: false, sealedFor: nil, ttl: .seconds(20), at: now)
        _ = Reign(lock).map { $0.isOver(bySightOf: $0) }
        _ = LockAttempt.renewal(epoch: 3).settle(lock, over: nil, identity: me, stamp: "s")
        _ = LockAttempt.acquisition(over: "7").settle(lock, over: lock, identity: me, stamp: "s")
        let report = PositionReport(
            name: "demo-1", isPrimary: false, timeline: Timeline(rawValue: 1), position: .invalid)
        _ = judgeCandidacy(
            Candidacy(
                me: report, others: [], lastKnownPosition: lock.position, recordedTimeline: lock.timeline,
                maximumLag: ByteCount(rawValue: 0)))
    }

    private func synchronous(_ annotations: [String: String], _ lock: LockRecord) {
        let record = SynchronousState(version: "7", annotations: annotations)
        #expect(SynchronousState.quorums.contains(record.quorum), "seed \(Self.seed)")
        for mode in SynchronousMode.allCases {
            let policy = SynchronousPolicy(mode: mode, standbys: 1)
            _ = takeOverSynchronous(record, by: "demo-1", policy: policy)
            _ = resolveSynchronous(
                SynchronousSituation(
                    me: record.leader ?? "demo-0", policy: policy, record: record,
                    names: SynchronousStandbyNames(annotations[StoreKey.synchronousStandbys] ?? ""),
                    picked: ["demo-1", "demo-2"], confirmed: ["demo-1"]))
        }
    }

    private func member(_ annotations: [String: String]) {
        let metadata = ObjectMeta(name: "demo-1", annotations: annotations)
        let pod = Pod(metadata: metadata)
        _ = Member(pod: pod, container: "postgres")
        let record = MemberRecord(pod: pod)
        #expect(record.flatMap { MemberRecord(annotation: $0.annotation) } == record, "seed \(Self.seed)")
    }
}

/// Draws annotations that are nearly right: a right one with numbers from the ends of every range, or with bytes changed.
private struct Scrambler {
    private var drawing: Drawing

    init(seed: UInt64) { drawing = Drawing(seed: seed) }

    mutating func next(below bound: Int) -> Int { Int(drawing.next() % UInt64(bound)) }

    private static let edges = [
        "", "0", "-1", "1", "7", "9223372036854775807", "9223372036854775806", "-9223372036854775808",
        "4611686018427387904", "4611686018427387903", "4611686022722355200", "4611686022722355201",
        "18446744073709551615", "99999999999999999999999999", "4294967295", "4294967296", "1e308", "-1e308", "nan",
        "inf", "-inf", "1e-320", "0x10", "+3", " 3", "3 ", "3.5", "null", "true", "\u{0}", "١٢", "2147483648",
        "1000000",
        "1000001", "/", "//", "\"", "{", "[", "{}", "[]",
    ]

    private static let documents: [(String, String)] = [
        (
            StoreKey.configuration,
            #"{"ttl":#,"loop_wait":#,"retry_timeout":#,"maximum_lag_on_failover":#,"synchronous_mode":"quorum","synchronous_node_count":#,"maximum_lag_on_syncnode":#,"primary_start_timeout":#,"member_slots_ttl":#,"matriarch":{"fence_margin":#},"standby_cluster":{"host":"a","port":#},"postgresql":{"parameters":{"work_mem":#},"pg_hba":#}}"#
        ),
        (StoreKey.history, #"[[#,#,"x","2026-01-01T00:00:00Z","demo-1"],[#,#]]"#),
        (StoreKey.historyKinds, #"[[#,#,"demo-1","failover"],[#,#,#,#],[#]]"#),
        (StoreKey.handover, #"#/#/switchover"#),
        (
            StoreKey.memberStatus,
            #"{"conn_url":"postgres://10.0.0.1:#/postgres","api_url":"http://10.0.0.1:8008/patroni","role":"replica","state":"running","timeline":#,"xlog_location":#,"tags":{"failover_priority":#,"sync_priority":#,"nofailover":#,"zone":#},"restart":{"id":#,"outcome":#},"reinitialize":{"id":"c","outcome":"running","percent":#},"problems":[{"path":#,"rule":#,"value":#,"by":"agent"}],"pending_restart_reason":{"work_mem":{"old_value":#}}}"#
        ),
        (StoreKey.holder, #"{"member":"demo-0","uid":"u0","nonce":"n0","container":#,"transitions":#}"#),
        (StoreKey.restart, #"{"id":"r","member":"demo-1","role":#,"restart_pending":#}"#),
        (StoreKey.reinitialize, #"{"id":"c","member":#,"force":#}"#),
        (StoreKey.failsafe, #"{"demo-0":"http://10.0.0.1:8008/patroni","demo-1":#}"#),
        (StoreKey.failsafePods, #"{"demo-0":"u0","demo-1":#}"#),
        (StoreKey.switchoverResult, #"{"id":#,"outcome":"succeeded","outageMillis":#,"from":#}"#),
        (StoreKey.loss, #"{"verdict":"possible","to":"demo-1","timeline":#,"start":"0/#","published":#}"#),
        (StoreKey.abandonedPrefix + "demo-1", #"{"timeline":#,"start":"0/1","end":"0/#","commits":#}"#),
    ]

    private static let plain = [
        StoreKey.epoch, StoreKey.ttl, StoreKey.transitions, StoreKey.position, StoreKey.timeline, StoreKey.quorum,
        StoreKey.synchronousStandbys, StoreKey.heir, StoreKey.leader, StoreKey.member, StoreKey.scheduledAt,
        StoreKey.initialization, StoreKey.renewTime, StoreKey.requestID,
    ]

    mutating func annotations() -> [String: String] {
        var annotations = [StoreKey.leader: "demo-0"]
        for key in Self.plain where next(below: 3) > 0 { annotations[key] = text() }
        if next(below: 3) > 0 { annotations[StoreKey.leader] = "demo-0" }
        for (key, document) in Self.documents where next(below: 4) == 0 { annotations[key] = filled(document) }
        return annotations
    }

    mutating func reign() -> String { "lock/\(text())/demo-0/\(text())/n0" }

    mutating func text() -> String {
        switch next(below: 8) {
        case 0: return bytes()
        case 1: return "demo-\(next(below: 3)), demo-\(next(below: 3))"
        case 2: return "2026-0\(next(below: 10))-01T0\(next(below: 10)):00:00+\(next(below: 100)):00"
        case 3: return "ANY \(Self.edges[next(below: Self.edges.count)]) (\"demo-1\",\"demo-2\")"
        default: return Self.edges[next(below: Self.edges.count)]
        }
    }

    private mutating func filled(_ document: String) -> String {
        var text = ""
        for character in document {
            text += character == "#" ? value() : next(below: 400) == 0 ? bytes() : String(character)
        }
        return text
    }

    private mutating func value() -> String {
        let edge = Self.edges[next(below: Self.edges.count)]
        return next(below: 3) == 0 ? "\"\(edge)\"" : next(below: 4) == 0 ? "[\(edge)]" : edge
    }

    private mutating func bytes() -> String {
        let bytes = (0..<next(below: 12)).map { _ in UInt8(next(below: 256)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
