/// Values that sizes are not to go below, whatever the settings say.
public struct SizeFloors: Hashable, Sendable {
    /// Slots on disk: a server that may have fewer does not start.
    public var slotsOnDisk: Int
    /// Name and value as the running postmaster got them on its command line; empty when none runs.
    ///
    /// A size that nobody set is not lowered under a running server: that would only ask for a restart.
    public var running: [String: String]

    public init(slotsOnDisk: Int = 0, running: [String: String] = [:]) {
        self.slotsOnDisk = slotsOnDisk
        self.running = running
    }

    /// `configured`, or the higher value that is needed.
    func raise(_ parameter: String, from configured: Int, isAutomatic: Bool) -> Int {
        let kept = isAutomatic ? running[parameter].flatMap { Int($0) } : nil
        return max(configured, kept ?? 0, parameter == "max_replication_slots" ? slotsOnDisk : 0)
    }
}
