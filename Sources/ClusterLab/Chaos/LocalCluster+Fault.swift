import ClusterRecords
import Fence
import Glibc
import HighAvailability
import KubernetesModels
import TestSupport
import Units

/// What ends a fault.
struct FaultUndo: Sendable {
    /// Who was hit, for the log.
    let victim: String
    let undo: @Sendable () async throws -> Void
}

extension LocalCluster {
    /// Does it now.
    ///
    /// - Returns: what undoes it; harmless when something else has done so already.
    func apply(_ fault: Fault, to member: MemberProcess) async throws -> FaultUndo {
        switch fault {
        case .killInit: return killing(member, [member.initProcess])
        case .killAgent: return killing(member, [member.agentProcess])
        case .killPostmaster: return killing(member, [member.postmaster])
        case .killBackend: return killing(member, [backends(of: member).first])
        case .stopAgent: return stopping(member, [member.agentProcess])
        case .stopPostmaster: return stopping(member, [member.postmaster])
        case .stopBackends: return stopping(member, backends(of: member))
        case .stopWalSenders: return stopping(member, member.postgresProcesses(titled: "walsender"))
        case .stopCheckpointer: return stopping(member, member.postgresProcesses(titled: "checkpointer"))
        case .freeze:
            let sandbox = try sandbox(of: member)
            try sandbox.freeze()
            return FaultUndo(victim: member.name) { try sandbox.thaw() }
        case .cutAPI: return try await cutting(member, NetworkCutSide.both(.api))
        case .cutAPIRequests: return try await cutting(member, [NetworkCutSide(.api, isIncoming: false)])
        case .cutAPIAnswers: return try await cutting(member, [NetworkCutSide(.api, isIncoming: true)])
        case .cutPeers: return try await cutting(member, NetworkCutSide.both(.peers))
        case .cutPeersIncoming: return try await cutting(member, [NetworkCutSide(.peers, isIncoming: true)])
        case .cutPeersOutgoing: return try await cutting(member, [NetworkCutSide(.peers, isIncoming: false)])
        case .cutAll: return try await cutting(member, Set(NetworkCutSide.all))
        case .isolate: return try await cutting(member, NetworkCutSide.both(.api, .peers))
        case .slowAPI:
            return changingLinks {
                $0.latency = Self.slowness
            } undo: {
                $0.latency = .zero
            }
        case .unluckyAPI:
            return changingLinks {
                $0.misfortune = Self.misfortune
            } undo: {
                $0.misfortune = nil
            }
        case .silentAPI:
            return changingLinks {
                $0.holdsRequests = true
                $0.holdsAnswers = true
            } undo: {
                $0.holdsRequests = false
                $0.holdsAnswers = false
            }
        case .stoppedAPI:
            let controlPlane = members.controlPlane
            try await controlPlane.stopAPIServer()
            return FaultUndo(victim: "API server") { try await controlPlane.startAPIServer() }
        case .frozenAPI:
            let controlPlane = members.controlPlane
            controlPlane.pauseAPIServer()
            return FaultUndo(victim: "API server") { controlPlane.resumeAPIServer() }
        case .fullVolume:
            let sandbox = try sandbox(of: member)
            try await sandbox.fillVolume()
            return FaultUndo(victim: member.name) { sandbox.emptyVolume() }
        case .starve: return try starving(member, .milliseconds(20))
        case .starveOut: return try starving(member, .milliseconds(4))
        case .clockAhead: return try movingClock(of: member, by: Self.clockStep)
        case .clockBehind: return try movingClock(of: member, by: .zero - Self.clockStep)
        case .configuration: return try await changeSettings()
        case .switchover: return try await askForSwitchover(to: member)
        case .slowCallbacks: return try slowingCallbacks()
        }
    }

    /// Each way.
    static let slowness = Duration.milliseconds(600)
    static let misfortune = LinkConditions.Misfortune(
        share: 0.3,
        endings: [.status(409), .status(403), .status(429), .status(500), .status(503), .status(504), .answerLost])

    private func starving(_ member: MemberProcess, _ time: Duration) throws -> FaultUndo {
        let sandbox = try sandbox(of: member)
        try sandbox.starve(ProcessorShare(time, ofEach: .seconds(1)))
        return FaultUndo(victim: member.name) { try sandbox.feed() }
    }

    static let clockStep = Duration.seconds(3600)

    private func movingClock(of member: MemberProcess, by step: Duration) throws -> FaultUndo {
        let sandbox = try sandbox(of: member)
        try sandbox.moveWallClock(by: step)
        return FaultUndo(victim: member.name) { try sandbox.moveWallClock(by: .zero) }
    }

    private func backends(of member: MemberProcess) -> [pid_t] { member.postgresProcesses(titled: " app postgres ") }

    private func sandbox(of member: MemberProcess) throws(LabError) -> MemberSandbox {
        guard let sandbox = member.sandbox else { throw LabError("\(member.name) is in no sandbox") }
        return sandbox
    }

    private func killing(_ member: MemberProcess, _ processes: [pid_t?]) -> FaultUndo {
        let found = processes.compactMap { $0 }
        for process in found { kill(process, SIGKILL) }
        return FaultUndo(victim: found.isEmpty ? "\(member.name), which has none" : member.name) {}
    }

    private func stopping(_ member: MemberProcess, _ processes: [pid_t?]) -> FaultUndo {
        let found = processes.compactMap { $0 }
        for process in found { kill(process, SIGSTOP) }
        return FaultUndo(victim: found.isEmpty ? "\(member.name), which has none" : member.name) {
            for process in found { kill(process, SIGCONT) }
        }
    }

    private func cutting(_ member: MemberProcess, _ sides: Set<NetworkCutSide>) async throws -> FaultUndo {
        let sandbox = try sandbox(of: member)
        try await sandbox.cut(sides)
        return FaultUndo(victim: member.name) { try await sandbox.mend(sides) }
    }

    private func changingLinks(
        _ change: (inout LinkConditions) -> Void, undo: @escaping @Sendable (inout LinkConditions) -> Void
    ) -> FaultUndo {
        let links = members.apiLinks
        for link in links { link.change(change) }
        return FaultUndo(victim: "all members") {
            for link in links { link.change(undo) }
        }
    }

    /// A setting every server takes without a restart.
    private func changeSettings() async throws -> FaultUndo {
        var configuration = profile.configuration
        configuration["postgresql"]?["parameters"]?["work_mem"] = .string("\(Int.random(in: 4...64))MB")
        try await members.annotate(.configuration, [StoreKey.configuration: .string(configuration.serialized())])
        return FaultUndo(victim: "settings") {}
    }

    /// Those that run already are not stopped by its end: they have their time.
    private func slowingCallbacks() throws -> FaultUndo {
        let record = "\"$MATRIARCH_MEMBER $1 $2\" >> \(members.folder)/\(Self.callbackRecord)"
        for action in CallbackAction.allCases {
            try members.writeCallback(action.rawValue, "trap '' TERM\necho \(record)\nsleep 60")
        }
        return FaultUndo(victim: "callbacks") { [members] in members.removeCallbacks() }
    }

    /// What the callbacks write down: member, action and role.
    static let callbackRecord = "told"

    private func askForSwitchover(to candidate: MemberProcess) async throws -> FaultUndo {
        guard let leader = LockRecord(version: "", annotations: try await members.lock()).leader else {
            return FaultUndo(victim: "nobody, as nobody leads") {}
        }
        let wanted = members.members.first { $0.name == candidate.name && $0.name != leader }?.name
        let request = FailoverRequest(
            leader: leader, candidate: wanted, requestID: "chaos-\(BootClock.now().nanoseconds)")
        try await members.annotate(
            .failover, .object(request.annotations.mapValues { $0.map(JSONValue.string) ?? .null }))
        return FaultUndo(victim: "\(leader) to \(wanted ?? "anybody")") {}
    }
}
