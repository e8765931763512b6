public import Units

extension SynchronousSituation {
    /// The situation as a primary sees it.
    ///
    /// - Parameters:
    ///   - me: the primary, which holds the lock.
    ///   - record: as it was read; a view may be behind.
    ///   - names: what the server shows; nil when it is none of our forms.
    ///   - connected: everybody the server sends WAL to. Of two connections of one name, the first says how it stands.
    ///   - position: of the primary when `names` came into force; nil before that is known, and nobody has confirmed then.
    public init(
        of me: String, in view: ClusterView, record: SynchronousState?, names: SynchronousStandbyNames?,
        connected: [ConnectedStandby], inForceSince position: LSN?
    ) {
        let policy = view.configuration.synchronous
        let streaming = connected.filter(\.isStreaming)
        let missing = missingStandbys(of: me, seeing: Set(streaming.map(\.name)), in: view)
        let direct = standbys(of: me, leader: me, in: view, avoiding: missing)
        let first = Dictionary(connected.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let candidates = view.members.values.filter { $0.name != me }.map { member in
            SynchronousCandidate(
                name: member.name,
                isFit: first[member.name]?.isStreaming == true && member.state == .running && !member.isBeingDeleted,
                position: first[member.name]?.flushed, tags: member.tags, zone: member.zone,
                isCascading: !direct.contains(member.name))
        }
        var confirmed: Set<String> = []
        if let position {
            confirmed = Set(streaming.filter { $0.flushed ?? .invalid >= position }.map(\.name))
        }
        self.init(
            me: me, policy: policy, record: record, names: names,
            picked: pickSynchronousStandbys(
                candidates, policy: policy, current: record?.members ?? [], leaderZone: view.members[me]?.zone),
            fit: Set(candidates.filter(\.mayBeWaitedFor).map(\.name)), confirmed: confirmed)
    }

    /// As many as commits wait for have everything there was when the names came into force: what a server shows after a crash
    /// is safe.
    public var isEverythingConfirmed: Bool {
        let names = names ?? SynchronousStandbyNames.none
        return confirmed.intersection(names.standbys).count >= names.count
    }

    /// A primary that has just begun does not drop standbys that are about to reconnect: whether it waits for some.
    ///
    /// Not for the member it took over from, nor for who is about to leave.
    ///
    /// - Parameters:
    ///   - until: when it stops waiting; nil: nobody is waited for, as also after the wait.
    ///   - former: the member this one took over from.
    public func awaitsStandbys(
        until: inout BootInstant?, former: String?, in view: ClusterView, at now: BootInstant
    ) -> Bool {
        guard let end = until, policy.mode != .off else { return false }
        let expected = (record?.members ?? []).filter { name in
            guard name != former, let member = view.members[name] else { return false }
            return !member.isBeingDeleted && member.state != .stopping
        }
        if now < end, !expected.isSubset(of: fit) { return true }
        until = nil
        return false
    }
}
