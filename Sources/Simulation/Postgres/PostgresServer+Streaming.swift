extension PostgresServer {
    // MARK: The standby's end

    func connectSoon(after delay: Microseconds) {
        guard upstream != nil else { return }
        world.schedule(after: delay + world.random.next(in: 1_000...20_000), owner) { [self] in connect() }
    }

    /// Points a running standby somewhere else.
    func follow(_ upstream: Int?) {
        guard self.upstream != upstream || connection == nil else { return }
        if let former = self.upstream, let connection {
            // What was confirmed before is on its way; the walsender learns of the end after it, or by its timeout.
            let source = world.pods[former].server
            let delay = world.network.passes(host.node, source.host.node) ? world.hop() * 2 : .seconds(10)
            world.schedule(after: delay, source.owner) { source.standbyClosed(connection) }
        }
        connection = nil
        self.upstream = upstream
        connectSoon(after: 0)
    }

    private func connect() {
        guard process == .standby, connection == nil, let upstream else { return }
        let source = world.pods[upstream].server
        guard source.isAnswering, !source.host.isFrozen(.server), source.host.frozenPostmaster == 0,
            world.network.connects(host.node, source.host.node),
            world.log.looksFollowable(timeline, received, by: source.branch, at: source.flushed)
        else { return connectSoon(after: 700_000) }
        if !world.log.contains(source.branch, source.flushed, branch, received) {
            world.violate(
                .timelineCollision,
                "Pod \(pod) at \(received) of branch \(branch) streams from Pod \(upstream) on branch \(source.branch), "
                    + "which only shares the number of timeline \(timeline)")
        }
        let identifier = world.nextIdentifier()
        connection = identifier
        source.senders.append(
            Sender(pod: pod, connection: identifier, sent: received, acknowledged: flushed, isInFlight: false))
        source.ship()
    }

    /// The walsender has gone; the news needs a network too.
    func upstreamClosed(_ connection: Int, by node: Int) {
        guard self.connection == connection else { return }
        let delay = world.network.passes(node, host.node) ? world.hop() : .seconds(4)
        world.schedule(after: delay, owner) { [self] in
            guard self.connection == connection else { return }
            self.connection = nil
            connectSoon(after: 0)
        }
    }

    /// What was received is on disk before a standby tells how far it is.
    func flushReceived() {
        if process == .standby { flushed = received }
    }

    // MARK: The upstream's end

    func standbyClosed(_ connection: Int) {
        senders.removeAll { $0.connection == connection }
    }

    /// Sends what was flushed to everyone who is not busy receiving.
    func ship() {
        for index in senders.indices where !senders[index].isInFlight && senders[index].sent < flushed {
            senders[index].isInFlight = true
            senders[index].sent = flushed
            let (target, connection) = (world.pods[senders[index].pod], senders[index].connection)
            let delay = world.hop() + world.network.replicationDelay[target.member]
            deliver(to: target, connection, branch, flushed, after: delay, tries: 0)
        }
    }

    private func deliver(
        to target: Pod, _ connection: Int, _ branch: Int, _ position: UInt64, after delay: Microseconds, tries: Int
    ) {
        world.schedule(after: delay, target.server.owner) { [self] in
            guard target.server.connection == connection else { return }
            guard world.network.passes(host.node, target.node) else {
                // TCP repeats; wal_receiver_timeout ends it.
                guard tries < 12 else {
                    target.server.connection = nil
                    standbyClosed(connection)
                    return target.server.connectSoon(after: 0)
                }
                return deliver(to: target, connection, branch, position, after: 400_000, tries: tries + 1)
            }
            target.server.receive(branch, position, connection, from: self)
        }
    }

    private func receive(_ branch: Int, _ position: UInt64, _ connection: Int, from source: PostgresServer) {
        guard self.connection == connection, position > received else { return }
        guard canWrite(orLater: { [self] in receive(branch, position, connection, from: source) }) else { return }
        received = position
        self.branch = world.log.branch(of: branch, at: position)
        // One in four writes and flushes at different moments; a crash in between loses what was only written.
        let delay = world.random.happens(perMille: 250) ? world.random.next(in: 500...8_000) : 0
        if delay == 0 { return flush(position, connection, source) }
        world.schedule(after: delay, owner) { [self] in flush(position, connection, source) }
    }

    private func flush(_ position: UInt64, _ connection: Int, _ source: PostgresServer) {
        flushed = max(flushed, position)
        guard self.connection == connection else { return }
        reply(position, connection, to: source, after: world.hop(), tries: 0)
    }

    private func reply(
        _ position: UInt64, _ connection: Int, to source: PostgresServer, after delay: Microseconds, tries: Int
    ) {
        world.schedule(after: delay, source.owner) { [self] in
            guard let index = source.senders.firstIndex(where: { $0.connection == connection }) else { return }
            guard world.network.passes(host.node, source.host.node) else {
                guard tries < 12 else { return source.standbyClosed(connection) }
                return reply(position, connection, to: source, after: 400_000, tries: tries + 1)
            }
            source.senders[index].acknowledged = position
            source.senders[index].isInFlight = false
            source.release()
            source.ship()
        }
    }
}
