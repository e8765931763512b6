extension ClusterView {
    /// What a member has answered to the order in the store; nil: nothing, or there is none for it. An earlier life's answer
    /// counts too.
    ///
    /// - Parameter report: what this life of its agent answered last.
    public func restartAnswer(of me: String, _ report: RestartReport?) -> RestartReport? {
        guard let order = restart, order.member == me else { return nil }
        return [report, members[me]?.restart].compactMap(\.self).first { $0.id == order.id }
    }
}
