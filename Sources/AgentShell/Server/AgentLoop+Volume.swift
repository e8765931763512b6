import ClusterStore
import HighAvailability
import ServerControl
import Units

extension AgentLoop {
    /// What the volume of this member's data has come to; a write of the agent's own is begun once in `loop_wait`.
    ///
    /// Of a volume that another container still works on nothing is said, and nothing is written there.
    var volume: VolumeLook { knowsVolume ? instance.lookAtVolume(every: timings.loopWait) : .answers }

    /// Since when a volume that is stuck takes no writes; nil of any other.
    var volumeStuckSince: BootInstant? {
        let since = volume.since
        return ServerHealth.isVolumeStuck(since: since, at: clock.now, timings) ? since : nil
    }

    /// For status; nil while the volume takes writes, and while it may only be slow.
    var volumeProblem: String? { volumeStuckSince == nil ? nil : volume.sentence }

    /// - Throws: while the volume is stuck: what has to be written for a stop in order would keep it from ending.
    func requireWritableVolume() throws {
        guard let volumeProblem else { return }
        throw AgentError(.actionFailed, volumeProblem)
    }

    /// A checkpoint that is broken off once the volume is stuck: it would not end, and the lock be renewed for it meanwhile.
    func checkpoint(within limit: Duration) async throws {
        try requireWritableVolume()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.instance.checkpoint(deadline: limit) }
            group.addTask {
                while true {
                    try await self.clock.sleep(for: .milliseconds(500))
                    try await self.requireWritableVolume()
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        try requireWritableVolume()
    }
}
