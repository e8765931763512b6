/// This member's volume takes no writes: it begins nothing that would have to write, and does not lead while another one can.
///
/// What reads is left alone: a standby goes on, and so does a primary that nobody could succeed, for it commits again when its
/// volume answers. A primary without the lock is ended as ever.
func decideOnStuckVolume(_ observation: Observation) -> Decision? {
    // Without the store nobody could take the lock that is let go.
    guard observation.isVolumeStuck, !observation.isFailsafeActive else { return nil }
    switch (observation.lock.isMine, observation.server) {
    case (false, .primary): return nil
    case (false, _): return Decision(.wait, "waiting: the volume takes no writes")
    case (true, .noData), (true, .unusable), (true, .damaged): return nil
    case (true, .standby): return decideOnPromotion(observation) ?? stuckLeaderWaits
    case (true, _): return decideOnOutage(observation) ?? stuckLeaderWaits
    }
}

private let stuckLeaderWaits = Decision(.wait, "the volume takes no writes, and nobody else could lead yet")
