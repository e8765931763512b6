import HighAvailability
import Units

extension RunPlan {
    /// For people: the cluster and its faults.
    public var summary: String {
        var lines = [
            "seed \(seed): \(members) members, synchronous \(synchronous.mode.rawValue) \(synchronous.standbys)\(synchronous.isStrict ? " strict" : ""), ttl \(timings.ttl), loopWait \(timings.loopWait), "
                + "failsafe \(usesFailsafe ? "on" : "off"), faults \(budget.rawValue)"
        ]
        for fault in faults {
            lines.append(
                "  at \(Double(fault.start) / 1_000_000) s for \(Double(fault.duration) / 1_000_000) s: \(fault.kind)")
        }
        return lines.joined(separator: "\n")
    }
}
