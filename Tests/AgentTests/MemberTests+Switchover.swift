import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `a leader that is stopped hands over within three seconds and loses nothing`() async throws {
        try await withThree { cluster, before in
            try await RowWriter.prepare(on: before.leader)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(20)
            let old = before.leader
            old.terminate()
            try await writer.more(20) { $0 != old.name }
            try await eventually(within: .seconds(20), "the old leader ends", { old.exitStatus }) { $0 != nil }
            await writer.stop()
            #expect(old.exitStatus == 0)
            #expect(old.postgresProcesses.isEmpty)
            #expect(await writer.longestGap < .seconds(3))
            let after = try await cluster.healthy(of: 2)
            #expect(after.timeline == before.timeline + 1)
            #expect(try await writer.lost(on: after.leader) == [])
            try old.start()
            let healed = try await cluster.healthy()
            #expect(healed.leader.name == after.leader.name)
        }
    }

    @Test func `a switchover that was asked for leads to the candidate, loses nothing and tells its result`()
        async throws
    {
        try await withThree { cluster, before in
            let candidate = try #require(before.standbys.last)
            try await RowWriter.prepare(on: before.leader)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(20)
            try await cluster.annotate(
                .failover,
                [
                    "leader": .string(before.leader.name), "member": .string(candidate.name),
                    "matriarch.dev/request-id": "first",
                ])
            try await writer.more(20) { $0 == candidate.name }
            await writer.stop()
            let after = try await cluster.healthy()
            #expect(after.leader.name == candidate.name)
            #expect(after.timeline == before.timeline + 1)
            #expect(await writer.longestGap < Self.soonestExpiry)
            #expect(try await writer.lost(on: candidate) == [])
            let result = try await cluster.result(of: "first")
            #expect(result["outcome"] == "succeeded")
            #expect(result["from"]?.stringValue == before.leader.name)
            #expect(result["to"]?.stringValue == candidate.name)
            #expect((result["outageMillis"]?.intValue ?? 0) > 0)
        }
    }

    @Test func `what a leader has to write for a switchover is written before it stops, not while it does`()
        async throws
    {
        try await withThree { cluster, before in
            let leader = before.leader
            try await RowWriter.prepare(on: leader)
            try await leader.query("CHECKPOINT")
            try await leader.query("INSERT INTO written SELECT generate_series(1, 150000)")
            let offset = leader.logEnd
            try await cluster.annotate(
                .failover,
                [
                    "leader": .string(leader.name), "member": .string(before.standbys[0].name),
                    "matriarch.dev/request-id": "much to write",
                ])
            #expect(try await cluster.result(of: "much to write")["outcome"] == "succeeded")
            let lines = leader.log(since: offset).map { $0.serialized() }
            let stop = try #require(lines.firstIndex { $0.contains("received fast shutdown request") })
            func written(_ lines: ArraySlice<String>) -> [Int] {
                lines.compactMap { line in
                    line.split(separator: "checkpoint complete: wrote ").dropFirst().first
                        .flatMap { Int($0.prefix { $0.isNumber }) }
                }
            }
            // Some 800 pages of 8 kB are the table's.
            #expect(written(lines[..<stop]).max() ?? 0 > 400, "\(lines)")
            let last = written(lines[stop...])
            #expect(last.count == 1 && last[0] < 100, "\(lines)")
            try await cluster.healthy()
        }
    }

    @Test func `after a switchover the old leader tells that it has stopped, and streams without a rewind`()
        async throws
    {
        try await withThree { cluster, before in
            let old = before.leader
            let offset = old.logEnd
            let pods = try await cluster.client.list(Pod.self, namespace: cluster.namespace)
            let changes = cluster.client.watch(
                Pod.self, namespace: cluster.namespace, resourceVersion: pods.resourceVersion, timeout: .seconds(30))
            try await cluster.annotate(
                .failover, ["leader": .string(old.name), "member": .string(before.standbys[0].name)])
            var told: [String] = []
            for try await change in changes {
                guard case .modified(let pod) = change, pod.metadata.name == old.name,
                    let text = pod.metadata.annotations?["status"]
                else { continue }
                let status = try JSONValue(parsing: text)
                let words = [status["role"], status["state"], status["replication_state"]].compactMap {
                    $0?.stringValue
                }
                if told.last != words.joined(separator: " ") { told.append(words.joined(separator: " ")) }
                if words == ["replica", "running", "streaming"] { break }
            }
            #expect(told.contains("replica stopped"), "\(told)")
            #expect(told.drop { $0 != "replica stopped" }.allSatisfy { $0.hasPrefix("replica ") }, "\(told)")
            #expect(told.last == "replica running streaming", "\(told)")
            #expect(!old.hasSaid("pg_rewind", since: offset) && !old.hasSaid("course", since: offset))
            #expect(try await cluster.healthy().leader.name == before.standbys[0].name)
        }
    }

    /// A stopped checkpointer stands for a checkpoint that takes longer than whoever asked was ready to wait.
    @Test func `a switchover that is withdrawn while the leader gets ready does not happen`() async throws {
        try await withThree { cluster, before in
            let leader = before.leader
            let offset = leader.logEnd
            let checkpointer = try #require(leader.postgresProcesses(titled: "checkpointer").first)
            kill(checkpointer, SIGSTOP)
            do {
                defer { kill(checkpointer, SIGCONT) }
                try await cluster.annotate(
                    .failover,
                    [
                        "leader": .string(leader.name), "member": .string(before.standbys[0].name),
                        "matriarch.dev/request-id": "withdrawn",
                    ])
                try await eventually(within: .seconds(10), "\(leader.name) gets ready") {
                    leader.hasSaid("demoting myself", since: offset)
                }
                try await cluster.annotate(
                    .failover, ["leader": .null, "member": .null, "matriarch.dev/request-id": .null])
            }
            try await eventually(within: .seconds(10), "\(leader.name) leaves it") {
                leader.hasSaid("the request was withdrawn meanwhile", since: offset)
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == leader.name && after.timeline == before.timeline)
            #expect(try await cluster.result(of: "withdrawn")["outcome"] == "failed")
        }
    }

    @Test func `a switchover moves the route by one write, and no label changes between its request and that write`()
        async throws
    {
        try await withThree { cluster, before in
            let candidate = try #require(before.standbys.first)
            let pods = try await eventually(
                "the leader's route and everybody's labels are there",
                { try await cluster.client.list(Pod.self, namespace: cluster.namespace) }
            ) { $0.items.allSatisfy { $0.metadata.labels?["role"] != nil } }
            let labels = Dictionary(uniqueKeysWithValues: pods.items.map { ($0.metadata.name, $0.metadata.labels) })
            let route = try #require(try await cluster.route())
            #expect(route.members == [before.leader.name])
            try await cluster.annotate(
                .failover, ["leader": .string(before.leader.name), "member": .string(candidate.name)])
            var moved: Route?
            for try await change in try await cluster.routeChanges(since: route.version) {
                guard case .modified(let json) = change else { continue }
                moved = Route(json)
                break
            }
            let written = try #require(moved)
            #expect(written.members == [candidate.name] && written.addresses.count == 1)
            let lock = try await cluster.lock()
            #expect(lock["leader"] == candidate.name && written.epoch == lock["matriarch.dev/epoch"])
            // Versions of one API server count its writes.
            let limit = try #require(Int(written.version))
            let changes = cluster.client.watch(
                Pod.self, namespace: cluster.namespace, resourceVersion: pods.resourceVersion, timeout: .seconds(20))
            for try await change in changes {
                guard case .modified(let pod) = change, let name = pod.metadata.name else { continue }
                if let version = pod.metadata.resourceVersion.flatMap({ Int($0) }), version < limit {
                    #expect(pod.metadata.labels == labels[name], "\(name) in version \(version), the route in \(limit)")
                }
                if name == candidate.name, pod.metadata.labels?["role"] == "primary" { break }
            }
            try await cluster.healthy()
            #expect(try await cluster.route() == written)
        }
    }

    @Test func `a leader that is stopped and started again in place keeps the route`() async throws {
        try await withThree { cluster, before in
            let route = try #require(try await cluster.route())
            let postmaster = try #require(before.leader.postmaster)
            kill(postmaster, SIGQUIT)
            try await eventually(within: .seconds(20), "another postmaster runs", { before.leader.postmaster }) {
                $0 != nil && $0 != postmaster
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(try await cluster.route() == route)
        }
    }

    @Test func `a route that somebody deletes or bends is put right by the leader`() async throws {
        try await withThree { cluster, before in
            let route = try #require(try await cluster.route())
            try await cluster.deleteRoute()
            try await eventually("it is there again", { try await cluster.route() }) {
                $0?.addresses == route.addresses && $0?.epoch == route.epoch
            }
            try await cluster.patchRoute(["endpoints": []])
            try await eventually("it leads to the leader again", { try await cluster.route() }) {
                $0?.addresses == route.addresses && $0?.members == [before.leader.name]
            }
        }
    }

    @Test func `a scheduled switchover fires at its time, and one that was missed is refused`() async throws {
        try await withThree { cluster, before in
            let candidate = try #require(before.standbys.last)
            func request(_ id: String, at time: Timestamp) -> JSONValue {
                [
                    "leader": .string(before.leader.name), "member": .string(candidate.name),
                    "matriarch.dev/request-id": .string(id),
                    // With an offset, as Patroni writes it.
                    "scheduled_at": .string(time.microsecondDescription.dropLast() + "+00:00"),
                ]
            }
            try await cluster.annotate(.failover, request("late", at: Timestamp.now() + .seconds(-60)))
            let refusal = try await cluster.result(of: "late")
            #expect(refusal["outcome"] == "failed")
            #expect(refusal["reason"]?.stringValue?.contains("stale") == true)
            #expect(try await cluster.annotations(.failover)["scheduled_at"] == nil)

            let time = Timestamp.now() + .seconds(4)
            try await cluster.annotate(.failover, request("timely", at: time))
            let leader = before.leader.name
            try await eventually(within: .seconds(15), "the candidate leads") {
                let current = try await cluster.lock()["leader"]
                let now = Timestamp.now()
                if current != leader { #expect(now >= time) }
                return current == candidate.name
            }
            #expect(Timestamp.now() < time + .seconds(4))
            #expect(try await cluster.result(of: "timely")["outcome"] == "succeeded")
            #expect(try await cluster.healthy().leader.name == candidate.name)
        }
    }

    @Test func `a switchover to an unknown member is refused and taken off, and nothing else happens`() async throws {
        try await withThree { cluster, before in
            let postmaster = before.leader.postmaster
            let lock = try await cluster.lock()["matriarch.dev/epoch"]
            try await cluster.annotate(
                .failover,
                [
                    "leader": .string(before.leader.name), "member": "demo-7", "matriarch.dev/request-id": "second",
                ])
            let result = try await cluster.result(of: "second")
            #expect(result["outcome"] == "failed")
            #expect(result["reason"]?.stringValue?.contains("demo-7 does not exist") == true)
            #expect(try await cluster.healthy().leader.name == before.leader.name)
            #expect(before.leader.postmaster == postmaster)
            #expect(try await cluster.lock()["matriarch.dev/epoch"] == lock)
        }
    }
}

extension MemberCluster {
    /// What became of a request, once the request itself is gone.
    func result(of identifier: String) async throws -> JSONValue {
        try await eventually(within: .seconds(20), "the request is off", { try await annotations(.failover) }) {
            $0["leader"] == nil && $0["member"] == nil
        }
        return try await eventually(
            within: .seconds(10), "the result is told",
            {
                try JSONValue(
                    parsing: try await annotations(.configuration)["matriarch.dev/switchover-result"] ?? "null")
            },
            until: { $0["id"]?.stringValue == identifier })
    }
}
