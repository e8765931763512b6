extension SynchronousElection {
    /// A lock that is this member's without a race has to be voted on all the same: an earlier life of its agent held it and
    /// never led under it, and what that one was elected on is not known any more.
    public func needsVote(of me: String, over lock: LockRecord?) -> Bool {
        lock?.heir != me && record.leader != me
    }

    /// A member is asked for its seal. The recorded leader has no vote, and what it alone has was never acknowledged: its silence is
    /// not waited for.
    public func asksForSeal(_ name: String) -> Bool { name != record.leader }
}
