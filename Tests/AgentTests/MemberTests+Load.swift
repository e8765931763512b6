import ClusterRecords
import Glibc
import KubernetesModels
import TestSupport
import Testing

@testable import Agent

/// What a member shows to anybody, and what that costs it.
extension MemberTests {
    /// As long as `make load` says, and some seconds in a run of all tests.
    private static var lengthOfLoad: Duration {
        let text = getenv("MATRIARCH_LOAD_SECONDS").map { String(cString: $0) }
        return .seconds(text.flatMap { Int($0) } ?? 5)
    }

    @Test
    func `two thousand connections and up to a thousand questions a second on open paths fail no renewal and no probe`()
        async throws
    {
        try await withThree { cluster, before in
            let (postmaster, began) = (before.leader.postmaster, before.leader.logEnd)
            try await RowWriter.prepare(on: before.leader)
            let writer = RowWriter(to: [before.leader], patience: .seconds(5))
            await writer.start()
            try await writer.more(20)
            let flood = ReadFlood(port: before.leader.apiPort, connections: 2000, rate: 1000)
            flood.start()
            var renewals: Set<String> = []
            var slowest = Duration.zero
            var probes = 0
            do {
                try await holds(for: Self.lengthOfLoad, "the primary is as before, and its probes are answered") {
                    for path in ["/liveness", "/readiness"] {
                        let asked = ContinuousClock.now
                        guard try await before.leader.probe(path) == 200 else { return false }
                        slowest = max(slowest, ContinuousClock.now - asked)
                        probes += 1
                    }
                    let lock = try await cluster.lock()
                    renewals.insert(lock["renewTime"] ?? "")
                    return lock["leader"] == before.leader.name && before.leader.postmaster == postmaster
                }
            } catch {
                flood.stop()
                // The tests after this one write into its table, too.
                await writer.stop()
                throw error
            }
            flood.stop()
            try await eventually(within: .seconds(30), "the flood ends") { flood.hasEnded }
            print(
                "load: \(flood.answered) of \(flood.asked) questions answered, \(renewals.count) renewals seen, "
                    + "\(probes) probes, the slowest took \(slowest)")
            try await writer.more(20)
            await writer.stop()
            #expect(await writer.failures == [])
            // A machine that compiles beside it answers fewer than were asked for.
            #expect(flood.answered > 20 * Int(Self.lengthOfLoad / .seconds(1)))
            // The kubelet gives up on a readiness probe after two seconds.
            #expect(slowest < .seconds(2))
            // A heartbeat a second; what is looked at between two of them is the machine's business.
            #expect(renewals.count >= Int(Self.lengthOfLoad / .seconds(2)))
            for sign in [
                "could not renew the lock", "not renewing the lock", "failed to update leader lock", "is given up",
                "PostgreSQL does not answer",
            ] {
                #expect(!before.leader.hasSaid(sign, since: began), "\(sign)")
            }
            #expect(try await cluster.healthy().leader.name == before.leader.name)
        }
    }

    /// Whoever knows a UID and a nonce may pass for somebody: they stay between the members and the store.
    @Test func `nothing a member shows to anybody names a Pod's UID, a nonce or a container`() async throws {
        try await withThree { cluster, before in
            let holder = try await cluster.lock()[StoreKey.holder] ?? ""
            let parts = try JSONValue(parsing: holder)
            var secrets = cluster.members.flatMap { [$0.podUID, $0.containerID ?? ""] }
            for key in ["uid", "nonce", "container"] { secrets.append(parts[key]?.stringValue ?? "") }
            secrets = secrets.filter { !$0.isEmpty }
            #expect(secrets.count >= 5)
            for member in cluster.members {
                for path in ReadFlood.paths {
                    for method in ["GET", "POST", "OPTIONS", "PUT"] {
                        let answer = try await member.answer(to: method, path, port: member.apiPort)
                        #expect(answer.hasPrefix("HTTP/1.1 "), "\(member.name) \(method) \(path)")
                        for secret in secrets {
                            #expect(!answer.contains(secret), "\(member.name) \(method) \(path): \(answer)")
                        }
                    }
                }
            }
        }
    }

    @Test func `probes have a port of their own on every member, and nothing else is shown there`() async throws {
        try await withThree { cluster, _ in
            for member in cluster.members {
                try await eventually(within: .seconds(10), "\(member.name) is ready") {
                    try await member.probe("/readiness") == 200
                }
                #expect(try await member.probe("/liveness") == 200)
                for path in ReadFlood.paths where !["/liveness", "/readiness"].contains(path) {
                    #expect(try await member.probe(path) == 404, "\(path)")
                }
            }
        }
    }
}

extension MemberProcess {
    /// What the kubelet is told; nil when nobody answers.
    fileprivate func probe(_ path: String) async throws -> Int? {
        Int(try await answer(to: "GET", path, port: probePort).dropFirst("HTTP/1.1 ".count).prefix(3))
    }

    /// Head and body of one answer.
    fileprivate func answer(to method: String, _ path: String, port: UInt16) async throws -> String {
        try await RawConnection.blocking {
            let connection = try RawConnection(port: Int(port))
            connection.send(
                "\(method) \(path) HTTP/1.1\r\nHost: member\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return connection.receive()
        }
    }
}
