import Synchronization

/// Runs seeds on several threads and adds up what they came to.
public final class Runner: Sendable {
    private struct Totals {
        var next: UInt64
        var seeds = 0
        var steps = 0
        var virtualTime: Int64 = 0
        var promotions = 0
        var acknowledgements = 0
        var lost = 0
        var lateAfterThaw = 0
        var lostByRequest = 0
        var consents = 0
        var blocked: [UInt64] = []
        var faults: [String: Int] = [:]
        var failures: [Simulator.Report] = []
    }

    private let end: UInt64
    private let violationLimit: Int
    private let totals: Mutex<Totals>

    public init(seeds: UInt64, from: UInt64, violationLimit: Int) {
        end = from + seeds
        self.violationLimit = violationLimit
        totals = Mutex(Totals(next: from))
    }

    /// Those that broke an invariant, by seed.
    public var failures: [Simulator.Report] {
        totals.withLock { $0.failures.sorted { $0.seed < $1.seed } }
    }

    /// Works through a few seeds.
    ///
    /// - Returns: how many seeds are done; nil when there are no more.
    public func work(on count: UInt64 = 50) -> Int? {
        let range = totals.withLock { totals -> Range<UInt64>? in
            guard totals.next < end, totals.failures.count < violationLimit else { return nil }
            let first = totals.next
            totals.next = min(end, first + count)
            return first..<totals.next
        }
        guard let range else { return nil }
        let reports = range.map { Simulator.run(seed: $0) }
        return totals.withLock { totals in
            for report in reports {
                totals.seeds += 1
                totals.steps += report.steps
                totals.virtualTime += report.virtualTime
                totals.promotions += report.promotions
                totals.acknowledgements += report.acknowledgements
                totals.lost += report.lost
                totals.lateAfterThaw += report.lateAfterThaw
                totals.lostByRequest += report.lostByRequest
                totals.consents += report.consents
                if report.isBlocked { totals.blocked.append(report.seed) }
                for fault in report.faults { totals.faults[fault, default: 0] += 1 }
                if report.violation != nil { totals.failures.append(report) }
            }
            return totals.seeds
        }
    }

    /// The final table.
    public func table(elapsed: String) -> String {
        totals.withLock { totals in
            var lines = [
                "seeds                       \(totals.seeds) in \(elapsed)",
                "steps                       \(totals.steps)",
                "virtual time                \(totals.virtualTime / 3_600_000_000) h",
                "promotions                  \(totals.promotions)",
                "commits acknowledged        \(totals.acknowledgements)",
                "lost, asynchronous          \(totals.lost - totals.lostByRequest)",
                "lost, by forced failover    \(totals.lostByRequest)",
                "late after a thaw           \(totals.lateAfterThaw)",
                "promises to a leader        \(totals.consents)",
                "left without a listed heir  \(totals.blocked.count)"
                    + (totals.blocked.isEmpty ? "" : ", the first is seed \(totals.blocked.min() ?? 0)"),
                "faults                      \(totals.faults.values.reduce(0, +))",
            ]
            for (name, count) in totals.faults.sorted(by: { $0.key < $1.key }) {
                lines.append("  \(name)" + String(repeating: " ", count: max(1, 26 - name.count)) + "\(count)")
            }
            lines.append("violations                  \(totals.failures.count)")
            return lines.joined(separator: "\n")
        }
    }
}
