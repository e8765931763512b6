import ClusterLab
import Testing
import Units

extension RealCluster {
    /// Tier K: a real cluster of three Pods and a client that writes. One after the other; how long an interruption lasts is
    /// measured by `make bench` and only bounded generously here.
    @Suite(.serialized)
    struct ClusterScenarioTests {
        private static let generous: Duration = .seconds(30)

        @Test func `a new cluster takes writes, gets three members, and leaves only its volumes behind`() async throws {
            let result = try await SharedCluster.run(.lifecycle)
            #expect(result.timeline == Timeline(rawValue: 1))
            #expect(try #require(result.figures["three running ms"]) < 60_000)
        }

        @Test func `a switchover by patch goes to the candidate and loses nothing`() async throws {
            try expectUninterruptedHistory(try await SharedCluster.run(.switchover), leaderChanges: true)
        }

        @Test func `when the leader's Pod is deleted another member leads and nothing is lost`() async throws {
            try expectUninterruptedHistory(try await SharedCluster.run(.podDeletion), leaderChanges: true)
        }

        @Test func `a killed postmaster is started again in place and nothing is lost`() async throws {
            try expectUninterruptedHistory(try await SharedCluster.run(.postmasterKill), leaderChanges: false)
        }

        /// With it the kernel ends every process of the container, those that send WAL as well.
        @Test func `a killed PID 1 loses nothing that there was time to send`() async throws {
            let result = try await SharedCluster.run(.initKill)
            #expect(result.verdict?.lostThoughSent == [])
            #expect(try #require(result.outage) < Self.generous)
        }

        @Test func `a leader whose container is held back by the kubelet is replaced`() async throws {
            let result = try await SharedCluster.run(.initKillInBackOff)
            #expect(result.verdict?.lostThoughSent == [])
            #expect(result.leaderAfter != result.leaderBefore)
            #expect(try #require(result.outage) < Self.generous)
        }

        @Test func `failover works without an operator`() async throws {
            let result = try await SharedCluster.run(.operatorAbsent)
            #expect(result.verdict?.lostThoughSent == [])
            #expect(try #require(result.outage) < Self.generous)
        }

        @Test func `a leader that hung off the network rejoins as a replica by itself`() async throws {
            let result = try await SharedCluster.run(.frozenAndCutOff)
            #expect(result.leaderAfter != result.leaderBefore)
            #expect(result.verdict?.overlapping == [])
            #expect(try #require(result.outage) < Self.generous)
        }

        @Test func `scaling to five and to two moves the leader away first and keeps the volumes`() async throws {
            let result = try await SharedCluster.run(.scaling)
            #expect(result.verdict?.lost == [])
            #expect(result.problems == [])
        }

        @Test func `a lock in an Endpoints object survives a switchover and the loss of the leader`() async throws {
            let result = try await SharedCluster.run(.endpointsLock)
            #expect(result.verdict?.lost == [])
            #expect(result.figures["switchover rows lost"] == 0)
            #expect(result.problems == [])
        }

        private func expectUninterruptedHistory(_ result: ScenarioResult, leaderChanges: Bool) throws {
            let verdict = try #require(result.verdict)
            #expect(verdict.lost == [])
            #expect(verdict.duplicated == [])
            #expect(verdict.overlapping == [])
            #expect((result.leaderAfter != result.leaderBefore) == leaderChanges)
            #expect(try #require(result.outage) < Self.generous)
            #expect(result.problems == [])
        }
    }
}
