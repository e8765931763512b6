extension SynchronousState {
    /// Whom a leader may hand over to; nil: the record restricts nobody.
    public var electable: Set<String>? { isActive ? members : nil }

    /// As ``electable``, for a leader that stops in any case: when its record lets nobody lead, anybody who will have its last
    /// record may be the heir; see ``vouching(for:by:)``.
    public var electableOnLeaving: Set<String>? { electable?.isEmpty == true ? nil : electable }

    /// The record in which a leader vouches for an heir that this one does not let lead; nil when it need not.
    ///
    /// - Requires: the leader's server is down in order, and the heir has its last record. So it has every commit the leader ever
    ///   acknowledged, and no other can come: more than a record asks of its members.
    public func vouching(for heir: String, by me: String) -> SynchronousState? {
        guard leader == me, !members.contains(heir) else { return nil }
        return SynchronousState(leader: me, members: [heir])
    }
}
