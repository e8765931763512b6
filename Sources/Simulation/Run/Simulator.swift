import HighAvailability
import Units

/// Runs seeds.
public enum Simulator {
    /// What one run came to.
    public struct Report: Sendable {
        public var seed: UInt64
        public var violation: Violation?
        public var steps: Int
        /// Microseconds that passed for the cluster.
        public var virtualTime: Int64
        public var promotions: Int
        public var acknowledgements: Int
        /// Acknowledged commits a later primary did not have; only in asynchronous mode.
        public var lost: Int
        public var lateAfterThaw: Int
        /// Lost in failovers that were asked for at that price, in any mode; part of ``lost``.
        public var lostByRequest: Int
        /// How often a member agreed that a leader stays which cannot reach the store.
        public var consents: Int
        /// It ended without a leader, because nobody who may be elected is in the failsafe list.
        public var isBlocked: Bool
        public var faults: [String]
        public var traceHash: UInt64
        /// Empty unless asked for.
        public var trace: [String]
    }

    public static func run(seed: UInt64, tracing: Bool = false) -> Report {
        run(RunPlan(seed: seed), tracing: tracing)
    }

    public static func run(_ plan: RunPlan, tracing: Bool = false) -> Report {
        let world = World(plan: plan, tracing: tracing)
        defer { world.dissolve() }
        world.begin()
        world.run(until: plan.end)
        return Report(
            seed: plan.seed, violation: world.checker.violation, steps: world.steps, virtualTime: world.now,
            promotions: world.checker.promotions, acknowledgements: world.checker.acknowledgements,
            lost: world.checker.lost, lateAfterThaw: world.checker.lateAfterThaw,
            lostByRequest: world.checker.lostByRequest,
            consents: world.checker.consents, isBlocked: world.checker.blocked > 0, faults: plan.faults.map(\.name),
            traceHash: world.traceHash, trace: world.trace ?? [])
    }

    /// The smallest part of a failing plan that still breaks the same invariant: faults are left out one by one, then made
    /// shorter.
    public static func shrink(_ plan: RunPlan, invariant: Invariant) -> RunPlan {
        var best = plan
        func fails(_ candidate: RunPlan) -> Bool {
            run(candidate).violation?.invariant == invariant
        }
        var index = best.faults.count - 1
        while index >= 0 {
            var candidate = best
            candidate.faults.remove(at: index)
            if fails(candidate) { best = candidate }
            index -= 1
        }
        for index in best.faults.indices {
            for _ in 0..<4 {
                var candidate = best
                candidate.faults[index].duration /= 2
                guard candidate.faults[index].duration > 50_000, fails(candidate) else { break }
                best = candidate
            }
        }
        return best
    }
}
