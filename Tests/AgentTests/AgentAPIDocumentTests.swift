import AgentShell
import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresConfiguration
import Testing
import Units

@testable import AgentAPI

private typealias Fixture = AgentAPIFixture

@Suite struct AgentAPIDocumentTests {
    private func body(_ path: String, _ member: MemberSnapshot) async -> String {
        await Fixture.routes(member).respond(to: StatusRequest(path: path)).body
    }

    @Test func `a primary describes itself in Patroni's words and order`() async {
        let member = Fixture.member(.primary) {
            $0.replication = [
                ReplicationConnection(
                    userName: "replicator", applicationName: "demo-1", clientAddress: "10.0.0.8", state: "streaming",
                    syncState: "async", syncPriority: 0)
            ]
            $0.tags = MemberTags(failoverPriority: 2).values
            $0.pendingRestart = [PendingSetting(name: "max_connections", oldValue: "100", newValue: "200")]
        }
        #expect(
            await body("/patroni", member) == """
                {"state": "running", "postmaster_start_time": "2026-11-20 20:00:00.123456+00:00", "role": "primary", \
                "server_version": 150018, "xlog": {"location": 83886080}, "timeline": 3, "replication": \
                [{"usename": "replicator", "application_name": "demo-1", "client_addr": "10.0.0.8", \
                "state": "streaming", "sync_state": "async", "sync_priority": 0}], "dcs_last_seen": 1795219199, \
                "tags": {"failover_priority": 2}, "database_system_identifier": "7412345678901234567", \
                "pending_restart": true, "pending_restart_reason": {"max_connections": {"old_value": "100", \
                "new_value": "200"}}, "patroni": {"version": "0.1.0", "scope": "demo", "name": "demo-0"}}
                """)
    }

    @Test func `a replica describes what it received and replayed`() async {
        let member = Fixture.member(.replica) {
            $0.replayedTimestamp = "2026-11-20 20:01:00.5+00:00"
            $0.isPaused = true
            $0.isClusterUnlocked = true
        }
        #expect(
            await body("/replica", member) == """
                {"state": "running", "postmaster_start_time": "2026-11-20 20:00:00.123456+00:00", "role": "replica", \
                "server_version": 150018, "xlog": {"received_location": 83886080, "replayed_location": 83886080, \
                "replayed_timestamp": "2026-11-20 20:01:00.5+00:00", "paused": false}, "timeline": 3, \
                "replication_state": "streaming", "pause": true, "cluster_unlocked": true, \
                "dcs_last_seen": 1795219199, "database_system_identifier": "7412345678901234567", \
                "patroni": {"version": "0.1.0", "scope": "demo", "name": "demo-0"}}
                """)
    }

    @Test(arguments: [(MemberState.starting, "starting"), (.running, "unknown"), (.stopped, "stopped")])
    func `a server that does not answer leaves state and role`(state: MemberState, word: String) async {
        let member = Fixture.member(.replica, state) { $0.isAnswering = false }
        #expect(
            await body("/patroni", member).hasPrefix(
                "{\"state\": \"\(word)\", \"role\": \"replica\", \"dcs_last_seen\""))
    }

    @Test func `the cluster lists its members by name, with lags behind what the leader published`() async {
        var replica = ClusterOverview.Entry(name: "demo-1", state: "running", apiURL: "http://10.0.0.8:8008/patroni")
        replica.host = "10.0.0.8"
        replica.port = 5432
        replica.replicationState = "streaming"
        replica.timeline = Timeline(rawValue: 3)
        replica.received = LSN(rawValue: 0x500_0010)
        replica.replayed = LSN(rawValue: 0x4FF_FFF0)
        replica.position = replica.received
        replica.isRestartPending = true
        replica.pendingRestart = [PendingSetting(name: "max_connections", oldValue: "100", newValue: "200")]
        var leader = ClusterOverview.Entry(name: "demo-0", state: "running", apiURL: "http://10.0.0.7:8008/patroni")
        leader.replicationState = "streaming"
        leader.tags = ["note": .string("Жанна")]
        var archived = ClusterOverview.Entry(name: "demo-3", state: "running", apiURL: "http://10.0.0.9:8008/patroni")
        archived.replicationState = "in archive recovery"
        archived.isRestartPending = true
        var cluster = ClusterOverview(
            members: [replica, leader, archived, ClusterOverview.Entry(name: "demo-2", state: "stopped", apiURL: "")],
            leader: "demo-0", leaderPosition: Fixture.leaderPosition)
        cluster.isPaused = true
        cluster.scheduledSwitchover = ClusterOverview.ScheduledSwitchover(at: "2026-11-21T04:00:00+00:00", to: "demo-1")
        #expect(
            await body("/cluster", Fixture.member(.replica) { $0.cluster = cluster }) == """
                {"members": [{"name": "demo-0", "role": "leader", "state": "running", "api_url": \
                "http://10.0.0.7:8008/patroni", "tags": {"note": "\\u0416\\u0430\\u043d\\u043d\\u0430"}}, \
                {"name": "demo-1", "role": "replica", "state": "streaming", "api_url": \
                "http://10.0.0.8:8008/patroni", "host": "10.0.0.8", "port": 5432, "timeline": 3, \
                "pending_restart": true, "pending_restart_reason": {"max_connections": {"old_value": "100", \
                "new_value": "200"}}, "receive_lag": 0, "receive_lsn": "0/5000010", "replay_lag": 16, "replay_lsn": "0/4FFFFF0", "lag": 0, "lsn": "0/5000010"}, \
                {"name": "demo-2", "role": "replica", "state": "stopped", "api_url": "", "receive_lag": \
                "unknown", "receive_lsn": "unknown", "replay_lag": "unknown", "replay_lsn": "unknown", "lag": \
                "unknown", "lsn": "unknown"}, {"name": "demo-3", "role": "replica", "state": "in archive recovery", \
                "api_url": "http://10.0.0.9:8008/patroni", "pending_restart": true, "receive_lag": \
                "unknown", "receive_lsn": "unknown", "replay_lag": "unknown", "replay_lsn": "unknown", "lag": \
                "unknown", "lsn": "unknown"}], "pause": true, "scheduled_switchover": {"at": \
                "2026-11-21T04:00:00+00:00", "to": "demo-1"}, "scope": "demo"}
                """)
    }

    @Test func `what is not known yet is not invented`() async {
        let routes = Fixture.routes(Fixture.member(.replica))
        #expect(await routes.respond(to: StatusRequest(path: "/config")).status == 502)
        #expect(await routes.respond(to: StatusRequest(path: "/history")).body == "[]")
        #expect(await routes.respond(to: StatusRequest(path: "/cluster")).status == 503)
    }

    @Test func `the store's own documents are passed on as they are`() async {
        let member = Fixture.member(.replica) {
            $0.configurationJSON = #"{"ttl":20}"#
            $0.historyJSON = #"[[1,83886080,"no recovery target specified"]]"#
        }
        #expect(await body("/config", member) == #"{"ttl":20}"#)
        #expect(await body("/history", member) == #"[[1,83886080,"no recovery target specified"]]"#)
        #expect(await body("/metrics", member) == "patroni_primary 1\n")
    }

    @Test func `the configuration is shown without passwords`() async {
        let member = Fixture.member(.replica) {
            $0.configurationJSON = #"""
                {"ttl":20,"postgresql":{"parameters":{"work_mem":"8MB","archive_command":"curl -u a:topsecret1 %p",
                "myext.password":7,"primary_conninfo":"host=a"},"pg_hba":["local all all peer",
                "host all all all ldap ldapserver=l ldapbindpasswd=topsecret2 ldapbasedn=x"]},
                "standby_cluster":{"host":"b","restore_command":"topsecret3"}}
                """#
        }
        let shown = await body("/config", member)
        #expect(!shown.contains("topsecret") && !shown.contains("host=a"))
        #expect(shown.contains(#""work_mem":"8MB""#) && shown.contains(#""local all all peer""#))
        #expect(shown.contains("ldapserver=l ldapbindpasswd=(hidden) ldapbasedn=x"))
        #expect(shown.contains(#""myext.password":"(hidden)""#) && shown.contains(#""host":"b""#))
        let odd = Fixture.member(.replica) { $0.configurationJSON = "{\"archive_command\":\"topsecret" }
        #expect(await body("/config", odd) == "the configuration in the store is no JSON\n")
    }

    @Test func `a candidate's question is answered live`() async {
        let report = PositionReport(
            name: "demo-0", isPrimary: false, timeline: Timeline(rawValue: 3), position: LSN(rawValue: 512),
            replayed: LSN(rawValue: 256), isEligible: true, priority: 1)
        let routes = Fixture.routes(Fixture.member(.replica)) {
            PositionAnswer(report: report, isRunning: true)
        }
        let answer = await routes.respond(to: StatusRequest(path: "/matriarch/position"))
        #expect(answer.status == 200)
        #expect(
            answer.body == """
                {"name": "demo-0", "role": "replica", "running": true, "timeline": 3, "position": 512, \
                "replayed": 256, "eligible": true, "priority": 1}
                """)
    }

    @Test func `a leader tells whose confirmation its commits wait for, also that of nobody`() async {
        let report = PositionReport(
            name: "demo-0", isPrimary: true, timeline: Timeline(rawValue: 3), position: LSN(rawValue: 512),
            isEligible: true, priority: 1)
        let answers: [(Set<String>, String)] = [(["demo-2", "demo-1"], #"["demo-1", "demo-2"]"#), ([], "[]")]
        for (awaited, text) in answers {
            let routes = Fixture.routes(Fixture.member(.primary)) {
                PositionAnswer(report: report, isRunning: true, awaitedStandbys: awaited)
            }
            let answer = await routes.respond(to: StatusRequest(path: "/matriarch/position"))
            #expect(answer.body.hasSuffix(#""priority": 1, "awaited": \#(text)}"#))
        }
    }

    @Test(.timeLimit(.minutes(2))) func `a position that cannot be measured within a second is unknown`() async {
        let routes = Fixture.routes(Fixture.member(.replica)) {
            // An hour, unless the budget cancels it. How soon it does depends on what else the machine computes.
            try? await Task.sleep(for: .seconds(3600))
            return nil
        }
        #expect(await routes.respond(to: StatusRequest(path: "/matriarch/position")).status == 503)
    }

    @Test func `the failsafe list is told while the mode is on, and only then`() async {
        let on = Fixture.member(.replica) { $0.failsafeMembers = ["demo-1": "http://b", "demo-0": "http://a"] }
        #expect(await body("/failsafe", on) == #"{"demo-0": "http://a", "demo-1": "http://b"}"#)
        #expect(
            await Fixture.routes(Fixture.member(.replica)).respond(to: StatusRequest(path: "/failsafe")).status == 502)
    }

    @Test func `a failsafe request is passed on, and a POST anywhere else changes nothing`() async {
        let routes = Fixture.routes(Fixture.member(.replica))
        let asked = await routes.respond(to: StatusRequest(method: .post, path: "/failsafe", body: "{}"))
        #expect(asked == .text("asked: {}"))
        for path in ["/switchover", "/patroni", "/failsafe/x"] {
            #expect(await routes.respond(to: StatusRequest(method: .post, path: path)).status == 501)
        }
    }

    @Test func `the decisions are those of now, however often they were asked for before`() async throws {
        let kept = KeptDecisions()
        for until in ["1", "2", "3"] {
            let record = DecisionRecord(
                .decision, what: "wait", reason: "so", saw: ["lock": "free"], since: "1", until: until)
            let answer = DecisionAnswer(member: "demo-0", decisions: [record])
            for _ in 0..<2 {
                #expect(DecisionAnswer(json: try JSONValue(parsing: kept.text(answer))) == answer)
            }
            let member = Fixture.member(.replica) { $0.decisions = [record] }
            #expect(await body("/matriarch/decisions", member) == kept.text(answer))
        }
    }

    @Test func `nothing can be changed over REST`() async {
        let routes = Fixture.routes(Fixture.member(.primary))
        for path in ["/switchover", "/restart", "/config"] {
            #expect(await routes.respond(to: StatusRequest(method: .other, path: path)).status == 501)
        }
    }
}
