import Foundation
import HighAvailability
import Simulation
import TestSupport
import Testing

extension MemberTests {
    @Test func `what real agents recorded is decided again as they decided it`() async throws {
        try await with(2) { cluster in
            for member in cluster.members {
                try member.start(environment: ["MATRIARCH_TRACE": Self.trace(of: member)])
            }
            let before = try await cluster.healthy()
            // Both members lead once, and follow once.
            before.leader.killEverything()
            try await eventually(within: .seconds(30), "the other member leads") {
                try await cluster.lock()["leader"] == before.standbys[0].name
            }
            // What an agent leaves that is killed while it writes.
            let file = try #require(FileHandle(forWritingAtPath: Self.trace(of: before.leader)))
            try file.seekToEnd()
            try file.write(contentsOf: Data("{\"half a".utf8))
            try file.close()
            try before.leader.start(environment: ["MATRIARCH_TRACE": Self.trace(of: before.leader)])
            try await cluster.healthy()
            for member in cluster.members { member.killEverything() }

            for member in cluster.members {
                let cycles = try Self.cycles(of: member)
                var replay = TraceReplay()
                for (index, cycle) in cycles.enumerated() {
                    let finding = replay.take(cycle)
                    #expect(finding == nil, "\(member.name), line \(index + 1): \(String(describing: finding))")
                }
                for (index, observation) in cycles.map(\.observation).enumerated() {
                    // Lock and store are of one instant, however long the server was asked in between.
                    let holder: String? =
                        switch observation.lock {
                        case .mine: observation.me
                        case .held(by: let other): other
                        default: observation.cluster.lock?.leader
                        }
                    #expect(observation.cluster.lock?.leader == holder, "\(member.name), line \(index + 1)")
                }
                let actions = Set(cycles.map(\.decision.action))
                #expect(actions.contains(.lead), "\(member.name) has led")
                #expect(
                    cycles.contains { $0.observation.lock == .held(by: before.leader.name) } || member === before.leader
                )
            }
            // One changed line is found.
            var cycles = try Self.cycles(of: before.leader)
            let index = try #require(cycles.firstIndex { $0.decision.action == .lead })
            cycles[index].decision.action = .demote
            var replay = TraceReplay()
            let found = cycles.firstIndex { replay.take($0) != nil }
            #expect(found == index)
        }
    }

    private static func trace(of member: MemberProcess) -> String { "\(member.folder)/trace.jsonl" }

    private static func cycles(of member: MemberProcess) throws -> [TracedDecision] {
        let lines = try String(contentsOfFile: trace(of: member), encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false
        ).dropLast()
        return try lines.map { try JSONDecoder().decode(TracedDecision.self, from: Data($0.utf8)) }
    }
}
