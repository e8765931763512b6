import HighAvailability
import KubernetesModels
import Testing
import Units

@testable import ClusterRecords

@Suite struct LockRecordCodecTests {
    private static let holder = HolderIdentity(member: "demo-0", podUID: "uid", nonce: "nonce")

    @Test(arguments: [
        LockClaim(identity: holder, ttl: .seconds(20)),
        LockClaim(
            identity: holder, ttl: .milliseconds(4500), containerInstance: ContainerInstance(1, 2).name,
            timeline: Timeline(rawValue: .max), position: LSN(rawValue: .max)),
    ])
    func `what a holder writes is what the others read`(_ claim: LockClaim) {
        let record = LockRecord(version: "7", annotations: claim.acquisition(over: nil, time: "now").present)
        #expect(
            record
                == LockRecord(
                    version: "7", leader: "demo-0", identity: Self.holder, epoch: 1,
                    containerInstance: claim.containerInstance,
                    renewal: "now", ttl: claim.ttl, position: claim.position, timeline: claim.timeline, transitions: 1))
    }

    @Test func `a lock is read as it was taken, renewed and let go`() {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let former = LockRecord(
                version: "6", leader: drawing.maybe { $0.member() }, epoch: Int64(drawing.next(below: 99)),
                position: drawing.position(), timeline: drawing.timeline(), transitions: drawing.next(below: 9))
            let claim = drawing.claim()
            var written = claim.acquisition(over: former, time: "then").present
            var record = LockRecord(
                version: "7", leader: claim.identity.member, identity: claim.identity, epoch: former.epoch + 1,
                containerInstance: claim.containerInstance, renewal: "then", ttl: claim.ttl, position: claim.position,
                timeline: claim.timeline,
                transitions: former.transitions + (former.leader == claim.identity.member ? 0 : 1))
            #expect(LockRecord(version: "7", annotations: written) == record, "seed \(seed)")
            for (key, value) in claim.renewal(
                epoch: record.epoch, transitions: record.transitions, time: "now")
            { written[key] = value }
            record.renewal = "now"
            record.failsafe = claim.failsafe.flatMap { $0.entries.isEmpty ? nil : $0 }
            #expect(LockRecord(version: "7", annotations: written) == record, "seed \(seed)")
            #expect(LockRecord.problems(in: written) == [], "seed \(seed)")
            let heir = drawing.maybe { $0.member() }
            let reason = drawing.maybe { $0.one(of: ChangeKind.allCases) }
            let release = LockClaim.release(
                heir: heir, because: reason, position: nil, epoch: record.epoch, transitions: record.transitions)
            for (key, value) in release { written[key] = value }
            (record.leader, record.identity, record.containerInstance, record.heir) = (nil, nil, nil, heir)
            record.handover = reason
            // Without a holder of ours nobody says whose Pods are in the list.
            record.failsafe = record.failsafe.map {
                FailsafeList(Set($0.entries.map { FailsafeList.Entry(name: $0.name, apiURL: $0.apiURL, podUID: nil) }))
            }
            #expect(LockRecord(version: "7", annotations: written) == record, "seed \(seed)")
            for key in written.keys {
                for text in Odd.texts {
                    let odd = written.merging([key: text]) { $1 }
                    #expect(LockRecord.epochs.contains(LockRecord(version: "7", annotations: odd).epoch))
                    _ = LockRecord.problems(in: odd)
                }
            }
        }
    }

    @Test func `the history is read as it was written`() {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let history = drawing.list { drawing -> TimelineSwitch in
                let time = drawing.maybe { $0.text() }
                return TimelineSwitch(
                    timeline: drawing.timeline(), position: drawing.position(), reason: drawing.text(), time: time,
                    newLeader: time.flatMap { _ in drawing.maybe { $0.member() } })
            }
            #expect(TimelineSwitch.list(annotation: TimelineSwitch.annotation(history)) == history, "seed \(seed)")
        }
        for text in Odd.texts { _ = TimelineSwitch.list(annotation: text) }
    }

    @Test(arguments: [
        Initialization.never, .inProgress(by: nil), .inProgress(by: "demo-2"),
        .done(systemIdentifier: "7000000000000000001"),
    ])
    func `the state of the initialisation is read as it was written`(_ state: Initialization) {
        let former = Initialization.inProgress(by: "demo-1").annotations
        let written = former.merging(state.annotations) { $1 }
        #expect(Initialization(annotations: written.present) == state)
    }

    private static let list = FailsafeList([
        .init(name: "demo-0", apiURL: "http://10.0.0.1:8008/patroni", podUID: "uid"),
        .init(name: "demo-1", apiURL: "http://[fd00::1]:8008/patroni", podUID: "uid-1"),
    ])

    @Test func `a renewal leaves the failsafe list as Patroni has it, and takes it off when there is none`() {
        var claim = LockClaim(identity: Self.holder, ttl: .seconds(20))
        claim.failsafe = Self.list
        let written = claim.renewal(epoch: 3, transitions: 1, time: "now")
        #expect(
            written["failsafe"]
                == #"{"demo-0":"http://10.0.0.1:8008/patroni","demo-1":"http://[fd00::1]:8008/patroni"}"#)
        let present = written.present.merging(["leader": "demo-0"]) { own, _ in own }
        #expect(LockRecord(version: "7", annotations: present).failsafe == Self.list)
        claim.failsafe = nil
        #expect(claim.renewal(epoch: 3, transitions: 1, time: "now")["failsafe"] == .some(nil))
        #expect(claim.renewal(epoch: 3, transitions: 1, time: "now")["matriarch.dev/failsafe-pods"] == .some(nil))
    }

    /// Who may take the lock is decided on the list in it; an acquisition must not change that in passing.
    @Test func `an acquisition leaves the failsafe list alone`() {
        var claim = LockClaim(identity: Self.holder, ttl: .seconds(20))
        claim.failsafe = Self.list
        let written = claim.acquisition(over: nil, time: "now")
        #expect(written["failsafe"] == nil && written["matriarch.dev/failsafe-pods"] == nil)
    }

    @Test func `Patroni's list has no Pods, and one that cannot be read has nobody`() {
        let foreign = LockRecord(
            version: "7",
            annotations: [
                "leader": "demo-0", "failsafe": #"{"demo-0": "a"}"#, "matriarch.dev/failsafe-pods": #"{"demo-0": "u"}"#,
            ])
        #expect(foreign.failsafe == FailsafeList([.init(name: "demo-0", apiURL: "a", podUID: nil)]))
        for text in ["{", "[]", "7", #"{"demo-0": 1}"#] {
            #expect(
                LockRecord(version: "7", annotations: ["leader": "x", "failsafe": text]).failsafe == FailsafeList())
        }
        #expect(LockRecord(version: "7", annotations: ["leader": "x"]).failsafe == nil)
    }

    @Test func `a lock that Patroni holds has a leader without identity`() {
        let record = LockRecord(
            version: "7",
            annotations: [
                "leader": "demo-0", "acquireTime": "2026-01-01T00:00:00.000001+00:00",
                "renewTime": "2026-01-01T00:00:09.000001+00:00", "ttl": "30", "transitions": "4", "optime": "67108864",
            ])
        #expect(
            record
                == LockRecord(
                    version: "7", leader: "demo-0", renewal: "2026-01-01T00:00:09.000001+00:00", ttl: .seconds(30),
                    position: LSN(rawValue: 67_108_864), transitions: 4))
    }

    @Test func `a lock whose holder's name somebody took off is held by it, and named again by its renewal`() {
        let claim = LockClaim(identity: Self.holder, ttl: .seconds(20), containerInstance: "c0ffee")
        let taken = claim.acquisition(over: nil, time: "then").present
        for name in [nil, ""] {
            var found = taken
            found["leader"] = name
            #expect(LockRecord(version: "8", annotations: found) == LockRecord(version: "8", annotations: taken))
            for (key, value) in claim.renewal(epoch: 1, transitions: 1, time: "now") { found[key] = value }
            #expect(found["leader"] == "demo-0")
        }
    }

    @Test func `a lock without a name is free when its holder let it go, or Patroni has held it since`() {
        let claim = LockClaim(identity: Self.holder, ttl: .seconds(20))
        let taken = claim.acquisition(over: nil, time: "then").present
        func found(_ changes: [String: String?]) -> LockRecord {
            var annotations = taken
            for (key, value) in changes { annotations[key] = value }
            return LockRecord(version: "8", annotations: annotations)
        }
        let free: [[String: String?]] = [
            LockClaim.release(heir: nil, position: nil, epoch: 1, transitions: 1),
            ["leader": nil, "matriarch.dev/holder": nil],
            // Patroni counts a change of the name, and leaves ours standing.
            ["leader": nil, "transitions": "2"], ["leader": nil, "transitions": nil],
            ["leader": nil, "transitions": "many"],
            // Of an agent of a former version, which does not say what was counted.
            ["leader": nil, "matriarch.dev/holder": #"{"member":"demo-0","uid":"uid","nonce":"nonce"}"#],
            ["leader": nil, "matriarch.dev/holder": #"{"member":"demo-0","uid":"uid","transitions":1}"#],
            ["leader": nil, "matriarch.dev/holder": #"{"member":"","uid":"uid","nonce":"nonce","transitions":1}"#],
        ]
        for changes in free {
            #expect(found(changes).leader == nil && found(changes).identity == nil, "\(changes)")
        }
        #expect(found(["leader": "demo-1"]).leader == "demo-1")
        #expect(found(["leader": "demo-1"]).identity == nil)
    }

    /// Patroni took the lock over from us and left our annotation standing.
    @Test func `an identity of somebody else than the leader does not count`() {
        let holder = #"{"member":"demo-0","uid":"uid","nonce":"nonce","container":"c0ffee"}"#
        let record = LockRecord(version: "7", annotations: ["leader": "demo-1", "matriarch.dev/holder": holder])
        #expect(record.leader == "demo-1")
        #expect(record.identity == nil)
        #expect(record.containerInstance == nil)
    }

    @Test(arguments: [
        "", "{", "null", "[]", "7", "\"text\"", #"{"member":"demo-0"}"#, #"{"member":"demo-0","uid":1,"nonce":"n"}"#,
        #"{"member":null,"uid":"u","nonce":"n"}"#, #"{"uid":"u","nonce":"n"}"#,
    ])
    func `a holder that cannot be read leaves a foreign leader`(_ holder: String) {
        let record = LockRecord(version: "7", annotations: ["leader": "demo-0", "matriarch.dev/holder": holder])
        #expect(record.leader == "demo-0")
        #expect(record.identity == nil)
    }

    @Test(arguments: [
        ["leader": ""], ["ttl": "-1"], ["ttl": "nan"], ["ttl": "inf"], ["ttl": "1e300"], ["optime": "-5"],
        ["optime": "0/1"],
        ["transitions": "99999999999999999999"], ["transitions": "9223372036854775807"], ["ttl": "0.5"],
        ["matriarch.dev/timeline": "4294967296"],
    ])
    func `a value that cannot be read counts as absent`(_ annotations: [String: String]) {
        #expect(LockRecord(version: "7", annotations: annotations) == LockRecord(version: "7"))
        #expect(annotations["leader"] != nil || LockRecord.problems(in: annotations).count == 1)
    }

    @Test(arguments: ["x", "-1", "9223372036854775807", ""])
    func `an epoch that cannot be read is later than any that was counted, and is told`(_ epoch: String) {
        let annotations = ["matriarch.dev/epoch": epoch]
        #expect(LockRecord(version: "7", annotations: annotations).epoch == LockRecord.unreadableEpoch)
        #expect(
            LockRecord.problems(in: annotations) == [
                Problem(path: "matriarch.dev/epoch", value: epoch, rule: "is not an epoch", refuser: .agent)
            ])
        let claim = LockClaim(identity: Self.holder, ttl: .seconds(20))
        let taken = claim.acquisition(over: LockRecord(version: "7", annotations: annotations), time: "now").present
        #expect(LockRecord(version: "8", annotations: taken).epoch == LockRecord.unreadableEpoch + 1)
    }

    @Test func `a released lock remembers what the next leader has to know`() {
        let claim = LockClaim(
            identity: Self.holder, ttl: .seconds(20), timeline: Timeline(rawValue: 3))
        var annotations = claim.acquisition(over: nil, time: "now").present
        let release = LockClaim.release(
            heir: "demo-1", because: .switchover, position: LSN(rawValue: 8), epoch: 1, transitions: 1)
        for (key, value) in release { annotations[key] = value }
        let record = LockRecord(version: "8", annotations: annotations)
        #expect(record.handover == .switchover)
        #expect(record.leader == nil)
        #expect(record.identity == nil)
        #expect(record.heir == "demo-1")
        #expect(record.epoch == 1)
        #expect(record.timeline == Timeline(rawValue: 3))
        #expect(record.position == LSN(rawValue: 8))
        // Patroni's agents take the lock and let it go, and leave the word, the heir and the epoch as they were.
        annotations["transitions"] = "2"
        #expect(LockRecord(version: "9", annotations: annotations).handover == nil)
    }

    /// An agent of a former version takes the lock and leaves what it does not know, and lets it go in an epoch of its own.
    @Test(arguments: [
        "0/4/switchover", "2/4/switchover", "1/3/switchover", "1/5/switchover", "1/4/", "1/4/unheard of",
        "1/switchover",
        "switchover", "x/4/handover", "1/x/handover", "", "1", "1/4",
    ])
    func `a word on a hand-over that is of another reign, or no word, counts as none`(_ text: String) {
        var annotations = [
            "matriarch.dev/epoch": "1", "transitions": "4", "matriarch.dev/next": "demo-1",
            "matriarch.dev/handover": text,
        ]
        let record = LockRecord(version: "7", annotations: annotations)
        #expect(record.handover == nil && record.heir == "demo-1")
        #expect(LockRecord.problems(in: annotations) == [])
        annotations["matriarch.dev/handover"] = "1/4/switchover"
        #expect(LockRecord(version: "7", annotations: annotations).handover == .switchover)
    }

    @Test(
        arguments: [
            ([:], Initialization.never), (["initialize": ""], .inProgress(by: nil)),
            (["initialize": "", "matriarch.dev/initializer": "demo-2"], .inProgress(by: "demo-2")),
            (["initialize": "7000000000000000001"], .done(systemIdentifier: "7000000000000000001")),
        ] as [([String: String], Initialization)])
    func `the state of the initialisation is read`(_ annotations: [String: String], _ state: Initialization) {
        #expect(Initialization(annotations: annotations) == state)
    }

    @Test(
        arguments: [
            ([:], nil), (["leader": "", "member": ""], nil), (["matriarch.dev/request-id": "one"], nil),
            (["member": "demo-1"], FailoverRequest(candidate: "demo-1")),
            (["leader": "demo-0"], FailoverRequest(leader: "demo-0")),
            (
                ["leader": "demo-0", "member": "demo-1", "matriarch.dev/request-id": "one"],
                FailoverRequest(leader: "demo-0", candidate: "demo-1", requestID: "one")
            ),
            (
                ["leader": "demo-0", "scheduled_at": "2026-11-21T06:00:00+02:00"],
                FailoverRequest(
                    leader: "demo-0",
                    schedule: Schedule(
                        text: "2026-11-21T06:00:00+02:00",
                        instant: WallInstant(microsecondsSince1970: 1_795_233_600_000_000)))
            ),
            (
                ["leader": "demo-0", "scheduled_at": "at noon"],
                FailoverRequest(leader: "demo-0", schedule: Schedule(text: "at noon", instant: nil))
            ),
        ] as [([String: String], FailoverRequest?)])
    func `a request is read, and emptied annotations ask for nothing`(
        _ annotations: [String: String], _ request: FailoverRequest?
    ) {
        #expect(FailoverRequest(annotations: annotations) == request)
    }

    @Test(
        arguments: [
            ("{}", nil), ("nonsense", nil), (#"{"id":"r"}"#, nil), (#"{"id":"r","member":"demo-1","role":"x"}"#, nil),
            (#"{"id":"r","member":"demo-1"}"#, RestartOrder(id: "r", member: "demo-1")),
            (
                #"{"id":"r","member":"demo-1","role":"replica","restart_pending":true,"postmaster_start_time":"t"}"#,
                RestartOrder(
                    id: "r", member: "demo-1", postmasterStartTime: "t", onlyPending: true, role: .replica)
            ),
        ] as [(String, RestartOrder?)])
    func `a restart is read, and a condition that cannot be read asks for nothing`(
        _ text: String, _ order: RestartOrder?
    ) {
        #expect(RestartOrder(annotation: text) == order)
    }

    @Test func `history entries of another shape are passed over`() {
        let text = #"[[1,100,"a"],["x",1,"b"],[2],{},[-1,5,"c"],[4294967296,5,"d"],[2,200,"e","t","demo-1"],null]"#
        #expect(TimelineSwitch.list(annotation: text).map(\.reason) == ["a", "e"])
        for text in [nil, "", "{", "{}", "7"] { #expect(TimelineSwitch.list(annotation: text) == []) }
    }
}

extension [String: String?] {
    fileprivate var present: [String: String] { compactMapValues { $0 } }
}
