import HighAvailability

/// The long actions of a member, of which at most one runs.
struct RunningActivities {
    struct Running {
        let kind: Activity
        let number: Int
        let task: Task<Void, Never>
    }

    private(set) var current: Running?
    private var count = 0
    /// What the others are told of what lasts.
    var work = WorkKeeping()

    /// - Returns: by which the next action tells its own end from that of the one that has overtaken it.
    mutating func nextNumber() -> Int {
        count += 1
        return count
    }

    /// - Parameter task: owned by this; it ends itself by ``end(_:)``.
    mutating func begin(_ kind: Activity, _ number: Int, _ task: Task<Void, Never>) {
        current = Running(kind: kind, number: number, task: task)
    }

    /// - Returns: whether that was the one that runs; not when it was overtaken.
    mutating func end(_ number: Int) -> Bool {
        guard current?.number == number else { return false }
        current = nil
        return true
    }
}
