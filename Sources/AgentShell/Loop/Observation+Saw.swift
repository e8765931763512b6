import ClusterRecords
import HighAvailability
import KubernetesModels
import Units

extension Observation {
    /// What a decision rests on, for people: some words to each name.
    ///
    /// No secret is among it. Of the settings, which may hold passwords, it has a pause, the remote server of a standby
    /// cluster, and tags.
    var saw: [String: String] {
        var saw = [
            "lock": "\(lock), epoch \(cluster.lock?.epoch ?? 0)", "server": server.words,
            "members": others.isEmpty ? "no other" : others.joined(separator: "; "),
        ]
        saw["activity"] = activity?.rawValue
        saw["timeline of the cluster"] = cluster.recordedTimeline.map { "\($0)" }
        saw["cluster"] = clusterWords
        saw["synchronous"] = cluster.synchronous.flatMap(Self.words)
        saw["request"] = cluster.failover.map(Self.words)
        saw["restart"] = cluster.restart.flatMap { $0.member == me ? "asked for, id \($0.id)" : nil }
        saw["copy"] = cluster.reinitialize.flatMap { $0.member == me ? "asked for, id \($0.id)" : nil }
        saw["upstream"] = followed.map { "\($0.source ?? "nobody"), of leader \($0.name) in epoch \($0.epoch)" }
        saw["no stream"] = notStreamingSince.map { "for \(Self.seconds(now - $0))" }
        let avoided = avoidedSources.filter { now < $0.value }.keys.sorted()
        saw["avoided"] = avoided.isEmpty ? nil : avoided.joined(separator: ", ")
        saw["stands back"] = standsBackUntil.flatMap { now < $0 ? "for \(Self.seconds($0 - now))" : nil }
        saw["outage"] = outage.map(words)
        saw["tags"] = tags == MemberTags() ? nil : tags.json.serialized()
        saw["agent"] = isStopping ? "asked to stop" : nil
        saw["failsafe"] = isFailsafeActive ? "the lock is kept by consent of the members" : nil
        saw["volume"] = isVolumeStuck ? "takes no writes" : nil
        saw["watchdog"] = isWatchdogMissing ? "cannot be started" : nil
        return saw
    }

    private var others: [String] {
        cluster.members.values.filter { $0.name != me }.sorted { $0.name < $1.name }.map { member in
            let timeline = member.timeline.map { ", timeline \($0)" } ?? ""
            let stream = member.isStreaming ? ", streams" : ""
            return "\(member.name) \(member.role?.rawValue ?? "of no known role"), "
                + "\(member.state?.rawValue ?? "state unknown")\(timeline)\(stream)"
        }
    }

    private var clusterWords: String? {
        var words: [String] = []
        switch cluster.initialization {
        case .never: words.append("not created yet")
        case .inProgress(by: let member): words.append("being created by \(member ?? "nobody known")")
        case .done: break
        }
        if cluster.configuration.isPaused { words.append("paused") }
        if let remote = cluster.configuration.standbyCluster { words.append("a standby cluster of \(remote)") }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    private static func words(_ record: SynchronousState) -> String? {
        guard let leader = record.leader else { return nil }
        let standbys = record.members.isEmpty ? "no standby" : record.members.sorted().joined(separator: ", ")
        return "\(leader) with \(standbys), quorum \(record.quorum)"
    }

    private static func words(_ request: FailoverRequest) -> String {
        var words = "from \(request.leader ?? "whoever leads") to \(request.candidate ?? "the best")"
        if let schedule = request.schedule { words += " at \(schedule.text)" }
        return words
    }

    private func words(_ outage: PrimaryOutage) -> String {
        var words = "for \(Self.seconds(now - outage.since))"
        if outage.isCrash { words += ", after a crash" }
        if outage.failedStarts > 0 { words += ", \(outage.failedStarts) starts in vain" }
        if outage.isIll { words += ", and a start does not mend it" }
        if let successor = outage.successor { words += "; \(successor) could take over" }
        return words
    }

    private static func seconds(_ duration: Duration) -> String {
        let tenths = max(0, duration.milliseconds) / 100
        return "\(tenths / 10).\(tenths % 10) s"
    }
}

extension ServerState {
    /// For people.
    var words: String {
        switch self {
        case .noData: "no data"
        case .unusable(let reason): "data that cannot be used: \(reason)"
        case .damaged(let action): "data left half changed by \(action)"
        case .stopped(let server):
            "stopped \(server.isClean ? "in order" : "without a shutdown") as a "
                + "\(server.wasPrimary ? "primary" : "standby"), timeline \(server.timeline), \(server.position)"
        case .starting: "starting"
        case .primary(let server): "primary, timeline \(server.timeline), \(server.position)"
        case .standby(let server):
            "standby, timeline \(server.timeline), \(server.position), "
                + (server.isStreaming ? "streams" : "receives nothing")
                + (server.isReplayPausedForSettings ? ", replays no more for its settings" : "")
        case .unresponsive: "runs and answers nobody"
        }
    }
}

extension PositionReport {
    /// What a member answered in an election, for people.
    var words: String {
        var words = "\(name) timeline \(timeline), \(position)"
        if isPrimary { words += ", primary" }
        if !isEligible { words += ", may not lead" }
        if let sealedEpoch { words += ", promised epoch \(sealedEpoch)" }
        return words
    }
}
