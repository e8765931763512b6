import HighAvailability
import Units

/// Explores every order of events in a small cluster, up to a depth, with the shipping core.
public struct Explorer {
    /// What an exploration came to.
    public struct Report: Sendable {
        public var states: Int
        public var transitions: Int
        public var depth: Int
        /// No state was left to explore at a smaller depth.
        public var isComplete: Bool
        public var violation: String?
    }

    private let timings = Timings(
        ttl: .seconds(4), loopWait: .seconds(1), retryTimeout: .seconds(1), fenceMargin: .seconds(1))
    private let identities: [HolderIdentity]

    public init(members: Int) {
        identities = (0..<members).map {
            HolderIdentity(member: RunPlan.names[$0], podUID: "u\($0)", nonce: "n\($0)")
        }
    }

    /// Breadth first, so that the first violation found is one of the shortest.
    public func explore(depth: Int, limit: Int, progress: (Int, Int) -> Void) -> Report {
        var frontier = [begin()]
        // The hash stands for the state: at a million states a collision has a chance of 1 in 10⁷, and hides one state.
        var seen: Set<Int> = [frontier[0].hashValue]
        var transitions = 0
        for level in 0..<depth {
            var next: [ExploredState] = []
            for state in frontier {
                for successor in successors(of: state) {
                    transitions += 1
                    if let violation = successor.violation {
                        return Report(
                            states: seen.count, transitions: transitions, depth: level + 1, isComplete: false,
                            violation: violation)
                    }
                    if seen.insert(successor.hashValue).inserted { next.append(successor) }
                }
                guard seen.count < limit else {
                    return Report(states: seen.count, transitions: transitions, depth: level, isComplete: false)
                }
            }
            progress(level + 1, seen.count)
            guard !next.isEmpty else {
                return Report(states: seen.count, transitions: transitions, depth: level + 1, isComplete: true)
            }
            frontier = next
        }
        return Report(states: seen.count, transitions: transitions, depth: depth, isComplete: false)
    }

    /// The first member leads, all others follow and have just seen its last renewal.
    private func begin() -> ExploredState {
        var record = LockRecord(
            version: "1", leader: identities[0].member, identity: identities[0], epoch: 1, renewal: "r1",
            ttl: timings.ttl, timeline: Timeline(rawValue: 1))
        record.position = LSN(rawValue: 10)
        var state = ExploredState(
            lock: record, members: identities.map { ExploredMember(station: LockStation(me: $0)) })
        for index in state.members.indices { state.members[index].station.listed(record, at: state.instant) }
        state.members[0].isPrimary = true
        state.members[0].reign = 1
        step(&state, 0) { $0.beginAcquisition(over: record, listIsGone: false, at: $1, timings) }
        step(&state, 0) { $0.landed(record, sentAt: $1, timings) }
        return state
    }

    // MARK: What may happen next

    private func successors(of state: ExploredState) -> [ExploredState] {
        var result = [tick(state)]
        for index in state.members.indices {
            if state.members[index].station.record != state.lock { result.append(watch(state, index)) }
            if state.members[index].isPrimary { result.append(commit(state, index)) }
            if let intended = state.members[index].intended {
                result += acquire(state, index, over: intended.over)
            } else {
                result += act(state, index)
            }
            result += renew(state, index)
        }
        return result
    }

    /// A second passes; init's deadlines are met before anything else happens.
    private func tick(_ state: ExploredState) -> ExploredState {
        var state = state
        state.now += 1
        for index in state.members.indices {
            guard let fence = state.members[index].fence, state.instant >= fence else { continue }
            state.members[index].fence = nil
            state.members[index].isRunning = state.members[index].isRunning && !state.members[index].isPrimary
        }
        return state
    }

    private func watch(_ state: ExploredState, _ index: Int) -> ExploredState {
        var state = state
        state.members[index].station.watched(state.lock, at: state.instant)
        return state
    }

    /// A client of this very server commits; the standbys on its course receive it.
    private func commit(_ state: ExploredState, _ index: Int) -> ExploredState {
        var state = state
        guard state.members[index].isRunning, state.members[index].position < 11 else { return state }
        state.members[index].position += 1
        if state.members[index].reign < state.reign {
            state.violation = "G1: \(identities[index].member) acknowledges in reign \(state.members[index].reign)"
        }
        return state
    }

    /// One cycle of a member's agent, up to the write it ends with.
    private func act(_ state: ExploredState, _ index: Int) -> [ExploredState] {
        var state = state
        let observation = observation(&state, index)
        switch decide(observation).action {
        case .race:
            guard let record = readFree(&state, index) else { return [state] }
            // Either everybody answers, or nobody does.
            return [reports(state, except: index), []].compactMap { others in
                let candidacy = Candidacy(
                    me: report(state, index), others: others, lastKnownPosition: record.position,
                    recordedTimeline: record.timeline, maximumLag: .mebibytes(1))
                guard case .run = judgeCandidacy(candidacy) else { return nil }
                var state = state
                state.members[index].intended = .init(over: record)
                return state
            }
        case .acquire:
            guard let record = readFree(&state, index) else { return [state] }
            state.members[index].intended = .init(over: record)
            return [state]
        case .promote, .startPrimary:
            state.reign += 1
            state.members[index].reign = state.reign
            if !state.members[index].isPrimary { state.members[index].timeline += 1 }
            (state.members[index].isPrimary, state.members[index].isRunning) = (true, true)
            if state.members[index].station.held.map({ state.instant >= $0.until }) ?? true {
                state.violation = "\(identities[index].member) becomes primary without the lock"
            }
            return [state]
        case .demote:
            state.members[index].isRunning = false
            return [state]
        case .rejoin, .follow:
            (state.members[index].isPrimary, state.members[index].isRunning) = (false, true)
            state.members[index].timeline = state.lock?.timeline?.rawValue ?? state.members[index].timeline
            return [state]
        case .bootstrapStandby, .followRemote, .leadStandby, .demoteCluster: return []
        case .wait, .bootstrap, .clone, .startStandby, .lead, .recover, .handOver, .refuseHandOver, .finishHandOver,
            .restart, .restartInPlace, .answerRestart, .reinitialize, .answerReinitialize, .release, .shutDown, .refuse:
            return []
        }
    }

    private func readFree(_ state: inout ExploredState, _ index: Int) -> LockRecord? {
        state.members[index].station.answered(state.lock, at: state.instant)
        let standing = state.members[index].station.standing(of: state.lock, at: state.instant, ttl: timings.ttl)
        return standing?.isFree == true ? state.lock : nil
    }

    // MARK: Writes, each with the three things that may become of it

    private func acquire(_ state: ExploredState, _ index: Int, over record: LockRecord?) -> [ExploredState] {
        var lost = state
        lost.members[index].intended = nil
        guard state.lock?.version == record?.version else { return [lost] }
        var landed = lost
        let asked = step(&landed, index) { $0.beginAcquisition(over: record, listIsGone: false, at: $1, timings) }
        guard case .write? = asked.last else { return [lost] }
        let written = write(&landed, index, epoch: (record?.epoch ?? 0) + 1)
        var answered = answering(landed, index, written)
        for other in state.members.indices where other != index {
            if let held = state.members[other].station.held, state.instant < held.until {
                answered.violation = "\(identities[index].member) takes a lock that \(identities[other].member) holds"
            }
        }
        return [lost, landed, answered]
    }

    private func renew(_ state: ExploredState, _ index: Int) -> [ExploredState] {
        var state = state
        let asked = step(&state, index) { $0.beat(at: $1, mayRenew: true, leaving: nil, timings) }
        guard case .write(.renewal(let record), _)? = asked.last else { return [] }
        guard state.lock?.version == record.version else {
            state.members[index].station.answered(state.lock, at: state.instant)
            step(&state, index) { station, _ in station.lost() }
            return [state]
        }
        var landed = state
        let written = write(&landed, index, epoch: record.epoch)
        return [landed, answering(landed, index, written)]
    }

    /// A write that was sent at this very instant is answered.
    private func answering(_ state: ExploredState, _ index: Int, _ written: LockRecord) -> ExploredState {
        var state = state
        state.members[index].station.answered(written, at: state.instant)
        step(&state, index) { $0.landed(written, sentAt: $1, timings) }
        return state
    }

    /// One input and what init is told because of it, as the agent's `LockDesk` does it.
    @discardableResult
    private func step(
        _ state: inout ExploredState, _ index: Int, _ input: (inout LockStation, BootInstant) -> [LockDirective]
    ) -> [LockDirective] {
        var (station, fence) = (state.members[index].station, state.members[index].fence)
        let directives = input(&station, state.instant)
        let rest = station.settle(directives) { order in
            switch order {
            case .arm(let until): fence = until
            case .disarm: fence = nil
            }
            return true
        }
        (state.members[index].station, state.members[index].fence) = (station, fence)
        return rest
    }

    private func write(_ state: inout ExploredState, _ index: Int, epoch: Int64) -> LockRecord {
        state.revision += 1
        var record = state.lock ?? LockRecord(version: "")
        record.version = String(state.revision)
        record.leader = identities[index].member
        record.identity = identities[index]
        record.epoch = epoch
        record.renewal = "r\(state.revision)"
        record.timeline = Timeline(rawValue: state.members[index].timeline)
        state.lock = record
        return record
    }

    // MARK: What a member sees

    private func observation(_ state: inout ExploredState, _ index: Int) -> Observation {
        let me = identities[index].member
        var members: [String: Member] = [:]
        for (other, identity) in identities.enumerated() {
            members[identity.member] = Member(
                name: identity.member, podUID: identity.podUID, host: identity.podUID,
                role: state.members[other].isPrimary ? .primary : .replica, state: .running)
        }
        let record = state.members[index].station.record
        let cluster = ClusterView(
            initialization: .done(systemIdentifier: "1"), configuration: DynamicConfiguration(timings: timings),
            lock: record, members: members)
        let standing = state.members[index].station.standing(at: state.instant, ttl: timings.ttl)
        let followed = record?.leader.flatMap { leader in
            members[leader].map {
                FollowedLeader(
                    name: leader, epoch: record?.epoch ?? 0, object: record?.objectUID, host: $0.host ?? "",
                    port: $0.port)
            }
        }
        return Observation(
            now: state.instant, me: me, cluster: cluster, lock: standing, server: server(state.members[index]),
            followed: followed)
    }

    private func server(_ member: ExploredMember) -> ServerState {
        let (timeline, position) = (Timeline(rawValue: member.timeline), LSN(rawValue: member.position))
        guard member.isRunning else {
            return .stopped(
                StoppedServer(
                    systemIdentifier: "1", timeline: timeline, wasPrimary: member.isPrimary, isClean: true,
                    position: position))
        }
        let running = RunningServer(systemIdentifier: "1", timeline: timeline, position: position, isStreaming: true)
        return member.isPrimary ? .primary(running) : .standby(running)
    }

    private func report(_ state: ExploredState, _ index: Int) -> PositionReport {
        let member = state.members[index]
        return PositionReport(
            name: identities[index].member, isPrimary: member.isRunning && member.isPrimary,
            timeline: Timeline(rawValue: member.timeline), position: LSN(rawValue: member.position),
            replayed: LSN(rawValue: member.position))
    }

    private func reports(_ state: ExploredState, except index: Int) -> [PositionReport] {
        state.members.indices.filter { $0 != index }.map { report(state, $0) }
    }
}
