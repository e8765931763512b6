import HighAvailability
import KubernetesModels
import PostgresConfiguration
import Testing
import Units

@testable import ClusterRecords

@Suite struct MemberCodecTests {
    @Test func `a member is read from what its agent and the kubelet say`() throws {
        let pod = try pod(
            status: #"""
                {"conn_url":"postgres://10.0.0.7:5433/postgres","api_url":"http://10.0.0.7:8008/patroni","role":"replica",
                 "state":"running","timeline":3,"tags":{"nofailover":true,"failover_priority":5},
                 "checkpoint_after_promote":false}
                """#,
            body: #"""
                ,"status":{"podIP":"10.9.9.9","containerStatuses":[
                 {"name":"sidecar","state":{"terminated":{"exitCode":0,"containerID":"containerd://other"}}},
                 {"name":"postgres","state":{"waiting":{"reason":"CrashLoopBackOff"}},
                  "lastState":{"terminated":{"exitCode":137,"containerID":"containerd://c0ffee"}}}]}
                """#)
        let member = try #require(Member(pod: pod, container: "postgres"))
        #expect(
            member
                == Member(
                    name: "demo-0", podUID: "uid", host: "10.0.0.7", port: 5433, apiURL: "http://10.0.0.7:8008/patroni",
                    role: .replica, state: .running, timeline: Timeline(rawValue: 3),
                    tags: MemberTags(isExcludedFromFailover: true, failoverPriority: 5),
                    hasCheckpointSincePromotion: false, terminatedInstances: ["c0ffee"], isInBackOff: true,
                    isLabelledPrimary: true, provesMembership: false))
    }

    /// What the lock may say, and whether the kubelet's report of the Pod is of that instance.
    @Test(arguments: [
        (last.name, true),
        // Two names of one instance.
        (ContainerInstance(9, 9).name, true),
        // A container ID, as former agents wrote it.
        ("c0ffee", true),
        // Of the sidecar; of an instance two lives ago; of the one that runs; and words that are no name.
        (ContainerInstance(7, 7).name, false), (ContainerInstance(0, 1).name, false),
        (ContainerInstance(0, 4).name, false), ("Completed", false), ("", false),
    ])
    func `the kubelet's report is of the instances whose names are in it`(_ lock: String, _ isDead: Bool) throws {
        let message = JSONValue.string("before\n" + Self.last.line + ContainerInstance(9, 9).line + "Completed")
            .serialized()
        let sidecar = JSONValue.string(ContainerInstance(7, 7).line).serialized()
        let pod = try pod(
            status: "{}",
            body: #"""
                ,"status":{"containerStatuses":[
                 {"name":"sidecar","state":{"terminated":{"exitCode":0,"message":\#(sidecar)}}},
                 {"name":"postgres","containerID":"containerd://4","state":{"running":{}},
                  "lastState":{"terminated":{"exitCode":137,"containerID":"containerd://c0ffee","message":\#(message)}}}]}
                """#)
        let holder = try #require(Member(pod: pod, container: "postgres"))
        var observer = LockObserver(me: HolderIdentity(member: "demo-1", podUID: "other", nonce: "n"))
        let identity = HolderIdentity(member: "demo-0", podUID: "uid", nonce: "n")
        let now = BootInstant(nanoseconds: 1)
        observer.observe(
            LockRecord(version: "1", leader: "demo-0", identity: identity, epoch: 1, containerInstance: lock), at: now)
        observer.observe(holder: holder, at: now)
        #expect(observer.standing(at: now, ttl: .seconds(20), holder: holder).isFree == isDead)
    }

    private static let last = ContainerInstance(0, 3)

    @Test(arguments: [
        (#"{"waiting":{"reason":"CrashLoopBackOff"}}"#, 1, true),
        (#"{"waiting":{"reason":"ContainerCreating"}}"#, 7, false),
        (#"{"running":{"startedAt":"2026-11-21T09:00:00Z"}}"#, 7, false),
        // The first end is forgiven, whenever it comes.
        (#"{"terminated":{"startedAt":"2026-11-21T09:00:00Z","finishedAt":"2026-11-21T09:00:01Z"}}"#, 0, false),
        (#"{"terminated":{"startedAt":"2026-11-21T09:00:00Z","finishedAt":"2026-11-21T09:09:59Z"}}"#, 1, true),
        (#"{"terminated":{"startedAt":"2026-11-21T09:00:00Z","finishedAt":"2026-11-21T09:10:00Z"}}"#, 1, false),
        (#"{"terminated":{"finishedAt":"2026-11-21T09:00:01Z"}}"#, 1, false),
    ])
    func `a container that crashed again is known to be held back before the kubelet says so`(
        _ state: String, _ restarts: Int, _ isInBackOff: Bool
    ) throws {
        let pod = try pod(
            status: "{}",
            body: #"""
                ,"status":{"containerStatuses":[{"name":"postgres","restartCount":\#(restarts),"state":\#(state)}]}
                """#)
        #expect(Member(pod: pod, container: "postgres")?.isInBackOff == isInBackOff)
    }

    @Test(arguments: ["", "{", "null", "[]", "7", #"{"role":7,"state":[],"timeline":"x","tags":1,"conn_url":{}}"#])
    func `a Pod whose status cannot be read is a member without data`(_ status: String) throws {
        let pod = try pod(status: status, body: #","status":{"podIP":"10.9.9.9"}"#)
        #expect(
            Member(pod: pod, container: "postgres")
                == Member(
                    name: "demo-0", podUID: "uid", host: "10.9.9.9", isLabelledPrimary: true,
                    provesMembership: MemberRecord(annotation: status) == nil ? nil : false))
    }

    @Test func `a member's zone is its tag's, or else its Pod's label's`() throws {
        let tagged = #"{"state":"running","tags":{"zone":"b"}}"#
        var pod = try pod(status: tagged)
        pod.metadata.labels?["topology.kubernetes.io/zone"] = "a"
        #expect(Member(pod: pod, container: "postgres")?.zone == "b")
        pod.metadata.annotations = nil
        #expect(Member(pod: pod, container: "postgres")?.zone == "a")
        pod.metadata.labels?["topology.kubernetes.io/zone"] = ""
        #expect(Member(pod: pod, container: "postgres")?.zone == nil)
        #expect(MemberTags(json: MemberTags(zone: "b").json) == MemberTags(zone: "b"))
    }

    @Test func `Patroni's old name for a primary is understood`() throws {
        let pod = try pod(status: #"{"role":"master"}"#)
        #expect(Member(pod: pod, container: "postgres")?.role == .primary)
    }

    @Test(arguments: [
        ("postgres://10.0.0.7:5432/postgres", "10.0.0.7", 5432), ("postgresql://host:1/x", "host", 1),
        ("postgres://[fd00::7]:5432/postgres", "fd00::7", 5432),
    ])
    func `host and port are taken from a connection URL`(_ url: String, _ host: String, _ port: Int) {
        #expect(ServerPlace(connectionURL: url) == ServerPlace(host: host, port: port))
    }

    @Test(arguments: [
        "", "postgres", "postgres:", "postgres://", "postgres://host", "postgres://:5432", "//h:1", "a://h:x",
    ])
    func `an address that cannot be read is none`(_ url: String) {
        #expect(ServerPlace(connectionURL: url) == nil)
    }

    @Test(arguments: [
        (#"{"nofailover":"true"}"#, MemberTags(isExcludedFromFailover: true)),
        (#"{"nofailover":1}"#, MemberTags(isExcludedFromFailover: true)),
        (#"{"nofailover":"no"}"#, MemberTags()), (#"{"nofailover":null}"#, MemberTags()),
        (#"{"failover_priority":0}"#, MemberTags(failoverPriority: 0)),
        (
            #"{"noloadbalance":"on","clonefrom":true}"#,
            MemberTags(isExcludedFromLoadBalancing: true, isCloneSource: true)
        ),
        (#"{"replicatefrom":"demo-1"}"#, MemberTags(replicatesFrom: "demo-1")),
        (#"{"replicatefrom":"","nostream":"true"}"#, MemberTags(streamsFromNobody: true)),
        ("[]", MemberTags()), ("7", MemberTags()),
    ])
    func `tags are read as Patroni reads them`(_ json: String, _ tags: MemberTags) throws {
        #expect(MemberTags(json: try JSONValue(parsing: json)) == tags)
    }

    @Test(arguments: [
        MemberTags(),
        MemberTags(replicatesFrom: "demo-2"), MemberTags(streamsFromNobody: true),
        MemberTags(
            isExcludedFromFailover: true, failoverPriority: 7, isExcludedFromLoadBalancing: true, isCloneSource: true),
    ])
    func `tags that are published are the tags that are read`(_ tags: MemberTags) {
        #expect(MemberTags(json: tags.json) == tags)
    }

    @Test func `a published status is read back by the others`() throws {
        let status = MemberRecord(
            connectionURL: "postgres://[fd00::7]:5433/postgres", apiURL: "http://[fd00::7]:8008/patroni",
            state: .creatingReplica, role: .uninitialized, version: "1", timeline: Timeline(rawValue: 2),
            replicationState: "streaming", tags: MemberTags(failoverPriority: 3), hasCheckpointSincePromotion: false)
        let member = try #require(
            Member(pod: try pod(status: status.annotation), container: "postgres"))
        #expect(member.host == "fd00::7")
        #expect(member.port == 5433)
        #expect(member.apiURL == status.apiURL)
        #expect(member.state == status.state)
        #expect(member.role == status.role)
        #expect(member.timeline == status.timeline)
        #expect(member.tags == status.tags)
        #expect(member.isStreaming)
        #expect(!member.hasCheckpointSincePromotion)
    }

    @Test func `what a member says of itself is read as it was written`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let record = drawing.record()
            #expect(MemberRecord(annotation: record.annotation) == record, "seed \(seed)")
            let json = try JSONValue(parsing: record.annotation)
            #expect(MemberRecord(annotation: Odd.grown(json).serialized()) == record, "seed \(seed)")
            // A record has so many members that the variants of a few are thousands.
            for variant in seed <= 30 ? Odd.variants(of: json) : [] {
                let odd = try #require(MemberRecord(annotation: variant.serialized()))
                _ = (odd.state, odd.role, odd.tags, odd.address)
            }
        }
    }

    @Test func `tags are read as they were written`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            var tags = drawing.tags()
            // An empty name is none.
            if tags.zone == "" { tags.zone = nil }
            #expect(MemberTags(json: tags.json) == tags, "seed \(seed)")
            for variant in Odd.variants(of: tags.json) { _ = MemberTags(json: variant) }
        }
    }

    @Test(arguments: Odd.texts)
    func `an annotation with nothing of a member in it says nothing, and one that is no object is none`(_ text: String)
    {
        // What is no JSON is no object.
        let isObject = (try? JSONValue(parsing: text))?.objectValue != nil
        #expect(MemberRecord(annotation: text) == (isObject ? MemberRecord() : nil))
    }

    @Test func `a member is stored as earlier agents stored it`() {
        let record = MemberRecord(
            connectionURL: "postgres://10.0.0.7:5432/postgres", apiURL: "http://10.0.0.7:8008/patroni", state: .running,
            role: .replica, version: "1", timeline: Timeline(rawValue: 3), replicationState: "streaming",
            tags: MemberTags(isExcludedFromFailover: true),
            pendingRestart: [PendingSetting(name: "max_connections", oldValue: "100", newValue: "200")], isPaused: true,
            hasCheckpointSincePromotion: false, position: LSN(rawValue: 67_108_864), serverVersion: 150_018,
            problem: "p", postmasterStartTime: "t", restart: RestartReport(id: "r", outcome: .skipped, reason: "no"),
            reinitialize: ReinitializeReport(id: "c", outcome: .running, reason: "at it", percent: 40, isMoved: true),
            writesRoute: true,
            takeover: TakeoverPhases(
                timeline: Timeline(rawValue: 3), silence: .seconds(30), election: .milliseconds(250),
                promotion: .microseconds(1_500_999), firstWrite: .zero),
            work: 2)
        #expect(
            record.annotation
                == #"{"api_url":"http://10.0.0.7:8008/patroni","checkpoint_after_promote":false,"#
                + #""conn_url":"postgres://10.0.0.7:5432/postgres","pause":true,"pending_restart":true,"#
                + #""pending_restart_reason":{"max_connections":{"new_value":"200","old_value":"100"}},"#
                + #""postmaster_start_time":"t","problem":"p","proof":true,"#
                + #""reinitialize":{"id":"c","moved":true,"outcome":"running","percent":40,"reason":"at it"},"#
                + #""replication_state":"streaming","#
                + #""restart":{"id":"r","outcome":"skipped","reason":"no"},"role":"replica","route":"EndpointSlice","#
                + #""server_version":150018,"state":"running","tags":{"nofailover":true},"#
                + #""takeover":{"electionMillis":250,"firstWriteMillis":0,"promotionMillis":1500,"silenceMillis":30000,"#
                + #""timeline":3},"timeline":3,"version":"1","work":2,"#
                + #""xlog_location":67108864}"#)
    }

    @Test(arguments: [
        #"{}"#, #"{"timeline":2,"silenceMillis":1,"electionMillis":1,"promotionMillis":1}"#,
        #"{"timeline":2,"silenceMillis":-1,"electionMillis":1,"promotionMillis":1,"firstWriteMillis":1}"#,
        #"{"timeline":2,"silenceMillis":9223372036854775807,"electionMillis":1,"promotionMillis":1,"firstWriteMillis":1}"#,
        #"{"silenceMillis":1,"electionMillis":1,"promotionMillis":1,"firstWriteMillis":1}"#, "7", "null", "[]",
    ])
    func `a takeover with a phase that is missing, or that nobody can have waited for, is none`(_ text: String) throws {
        let record = try #require(MemberRecord(annotation: #"{"state":"running","takeover":\#(text)}"#))
        #expect(record.takeover == nil)
        #expect(record.state == .running)
    }

    private func pod(status: String, body: String = "") throws -> Pod {
        let annotation = JSONValue.string(status).serialized()
        let text = #"""
            {"metadata":{"name":"demo-0","uid":"uid","labels":{"role":"primary"},"annotations":{"status":\#(annotation)}}\#(body)}
            """#
        return try JSONValue(parsing: text).decoded(as: Pod.self)
    }
}
