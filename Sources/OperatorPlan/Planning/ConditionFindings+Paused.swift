import ClusterRecords
import PostgresClusterAPI

/// Whether automatic actions are off: what the members say, not what the spec asks of them.
extension ConditionFindings {
    var paused: (status: Condition.Status, finding: Finding) {
        // Who has said nothing since it started reads the store before it does anything.
        let unaware = situation.members.filter {
            $0.record.stateName != nil && $0.record.isPaused != spec.paused
        }
        guard unaware.isEmpty else {
            let names = unaware.map(\.name).joined(separator: ", ")
            return spec.paused
                ? (
                    .unknown,
                    Finding(reason: .pausing, message: "Waits for \(names) to say that automatic actions are off")
                )
                : (
                    .unknown,
                    Finding(reason: .resuming, message: "Waits for \(names) to say that automatic actions are on")
                )
        }
        return spec.paused
            ? (.true, Finding(reason: .paused, message: "Automatic actions are off"))
            : (.false, Finding(reason: .active, message: "Automatic actions are on"))
    }
}
