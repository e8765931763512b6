import ClusterRecords
import HighAvailability
import Testing
import Units

@testable import Agent
@testable import AgentShell

/// A file that is broken while it is replaced is nobody's business; one that stays broken is told.
@Suite struct KeptAgentFileTests {
    private static let first = AgentFile(cluster: "demo")
    private static let second = AgentFile(cluster: "demo", copiesRemote: true)
    private static let problem = Problem(path: "agent.json", value: nil, rule: "is not JSON", refuser: .agent)
    private static let other = Problem(path: "agent.json", value: nil, rule: "is no object", refuser: .agent)

    private func second(_ number: Int64) -> BootInstant { BootInstant(nanoseconds: number * 1_000_000_000) }

    @Test func `a file that stays broken is told once, and the former one stays in force`() {
        var kept = KeptAgentFile(Self.first)
        #expect(kept.take(.failure(Self.problem), at: second(100)) == .unchanged)
        #expect(kept.take(.failure(Self.problem), at: second(104)) == .unchanged)
        #expect(kept.problem == nil)
        #expect(kept.take(.failure(Self.problem), at: second(105)) == .refused(Self.problem))
        #expect(kept.take(.failure(Self.problem), at: second(110)) == .unchanged)
        #expect(kept.file == Self.first && kept.problem == Self.problem)
        #expect(kept.take(.failure(Self.other), at: second(111)) == .refused(Self.other))
        #expect(kept.take(.success(Self.first), at: second(112)) == .mended)
        #expect(kept.problem == nil)
    }

    @Test func `a file that is broken for a moment, or differs, is taken as it is`() {
        var kept = KeptAgentFile(Self.first)
        #expect(kept.take(.failure(Self.problem), at: second(100)) == .unchanged)
        #expect(kept.take(.success(Self.first), at: second(101)) == .unchanged)
        // Another time than the first one.
        #expect(kept.take(.failure(Self.problem), at: second(106)) == .unchanged)
        #expect(kept.take(.success(Self.second), at: second(107)) == .replaced)
        #expect(kept.file == Self.second && kept.problem == nil)
    }
}
