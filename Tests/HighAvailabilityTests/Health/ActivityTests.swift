import HighAvailability
import Testing
import Units

@Suite struct ActivityTests {
    /// Patience in seconds (nil: ttl), whether a stop breaks it off, whether it needs the lock.
    private static let table: [Activity: (patience: Int?, isBrokenOff: Bool, needsLock: Bool)] = [
        .bootstrapping: (nil, true, false), .cloning: (nil, true, false), .rejoining: (nil, true, false),
        .racing: (nil, true, false), .demoting: (nil, false, false), .startingPrimary: (300, true, true),
        .startingStandby: (300, true, false), .promoting: (300, false, true), .recovering: (300, true, false),
        .handingOver: (120, false, false), .stopping: (120, false, false), .restarting: (120, false, false),
        .demotingCluster: (120, false, false), .restartingPrimary: (480, false, true),
        .restartingStandby: (480, true, false), .reinitializing: (nil, true, false),
    ]

    @Test(arguments: Activity.allCases)
    func `each action has its patience, its end by a stop and its need of the lock`(activity: Activity) throws {
        let row = try #require(Self.table[activity])
        for timings in [Timings.fast, .standard, .tolerant] {
            #expect(activity.patience(timings) == row.patience.map { .seconds($0) } ?? timings.ttl)
        }
        #expect(activity.isBrokenOffByStop == row.isBrokenOff)
        #expect(activity.needsLock == row.needsLock)
    }

    @Test func `a stop breaks off nothing that hands a lock over or ends a server`() {
        for activity in [Activity.handingOver, .stopping, .demoting, .demotingCluster, .restarting, .promoting] {
            #expect(!activity.isBrokenOffByStop)
        }
    }
}
