import ClusterRecords
import Fence
import HTTPTransport
import KubernetesModels
import Logging
import TestSupport
import Testing

@testable import Agent
@testable import AgentShell

/// What a primary has to bear from whoever reaches its port.
extension MemberTests {
    /// When each question had a query of its own, over the session of the agent's own look, two hundred clients had a healthy
    /// primary killed after 13 s.
    @Test
    func `two hundred clients that ask for the position all the time cost a primary neither its role nor a write`()
        async throws
    {
        try await withThree { cluster, before in
            let (postmaster, began) = (before.leader.postmaster, before.leader.logEnd)
            try await RowWriter.prepare(on: before.leader)
            let writer = RowWriter(to: [before.leader], patience: .seconds(5))
            await writer.start()
            try await writer.more(20)
            let answered: Int
            do {
                answered = try await flood(before.leader, by: cluster.keys) {
                    // The kubelet gives up after three in a row.
                    for _ in 0..<3 where (try? await before.leader.get("/liveness").status) == 200 {
                        return before.leader.postmaster == postmaster
                    }
                    return false
                }
            } catch {
                // The tests after this one write into its table, too.
                await writer.stop()
                throw error
            }
            #expect(answered > 200)
            try await writer.more(20)
            await writer.stop()
            #expect(await writer.failures == [])
            #expect(try await cluster.healthy().leader.name == before.leader.name)
            #expect(before.leader.postmaster == postmaster)
            #expect(!before.leader.hasSaid("PostgreSQL does not answer", since: began))
        }
    }
}

extension MemberTests {
    /// Two hundred clients ask again and again for a quarter of a minute.
    ///
    /// - Parameter isWell: holds all the time.
    /// - Returns: how many questions were answered.
    private func flood(
        _ member: MemberProcess, by keys: MembershipKeys, while isWell: () async throws -> Bool
    ) async throws -> Int {
        let transport = HTTPTransport()
        defer { transport.shutdown() }
        let prover = PeerProver(transport: transport, keys: keys, clock: BootClock())
        let apiURL = "http://127.0.0.1:\(member.apiPort)/patroni"
        let end = ContinuousClock.now + .seconds(15)
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    var answered = 0
                    while ContinuousClock.now < end {
                        // Whether each of them is answered is not what matters.
                        let answer = try? await prover.send(.get, .position, beside: apiURL, within: .seconds(3))
                        if answer?.status == 200 { answered += 1 }
                        // More would be a load on the tests beside this one, which share the machine.
                        try await Task.sleep(for: .seconds(1))
                    }
                    return answered
                }
            }
            try await holds(for: .seconds(15), "the primary is as before", isWell)
            return try await group.reduce(0, +)
        }
    }
}

extension MemberCluster {
    /// By which its members know each other.
    var keys: MembershipKeys {
        MembershipKeys(
            passwordFile: "\(folder)/secrets/replication/password",
            scope: Scope(namespace: namespace, cluster: MemberCluster.name), logger: Logger(label: "test"))
    }
}
