extension FailsafeList {
    /// Whom a leader records beside its lock: every member that can be asked, itself always. nil without failsafe.
    ///
    /// - Parameter me: the leader, as exactly as it knows itself.
    public static func recorded(by me: Entry, in view: ClusterView) -> FailsafeList? {
        guard view.configuration.usesFailsafe else { return nil }
        var list = FailsafeList(of: view.members.values.filter { $0.name != me.name })
        list.entries.insert(me)
        return list
    }
}
