import HighAvailability
public import KubernetesModels
import PostgresConfiguration
import Units

extension MemberRecord {
    /// What stands in the Pod's annotation; nil when there is none, or it is no JSON object.
    public init?(pod: Pod) {
        guard let text = pod.metadata.annotations?[StoreKey.memberStatus] else { return nil }
        self.init(annotation: text)
    }

    /// A key that cannot be read counts as absent; nil for what is no JSON object.
    public init?(annotation: String) {
        // Not JSON: as if there were nothing in it.
        guard let json = try? JSONValue(parsing: annotation), json.objectValue != nil else { return nil }
        self.init()
        connectionURL = json["conn_url"]?.stringValue
        apiURL = json["api_url"]?.stringValue
        stateName = json["state"]?.stringValue
        roleName = json["role"]?.stringValue.map { $0 == Self.primaryBefore4 ? MemberRole.primary.rawValue : $0 }
        version = json["version"]?.stringValue
        timeline = Timeline(json: json["timeline"])
        replicationState = json["replication_state"]?.stringValue
        tagValues = json["tags"]?.objectValue ?? [:]
        isRestartPending = json["pending_restart"]?.boolValue ?? false
        pendingRestart = PendingSetting.list(json: json["pending_restart_reason"])
        scheduledRestart = json["scheduled_restart"]?["schedule"]?.stringValue
        isPaused = json["pause"]?.boolValue ?? false
        hasCheckpointSincePromotion = json["checkpoint_after_promote"]?.boolValue ?? true
        position = LSN(bytes: json["xlog_location"])
        received = LSN(bytes: json["receive_lsn"])
        replayed = LSN(bytes: json["replay_lsn"])
        serverVersion = json["server_version"]?.intValue
        problem = json["problem"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        problems = Problem.list(json: json["problems"])
        postmasterStartTime = json["postmaster_start_time"]?.stringValue
        restart = RestartReport(json: json["restart"])
        reinitialize = ReinitializeReport(json: json["reinitialize"])
        work = json["work"]?.intValue
        writesRoute = json["route"]?.stringValue == RouteSettings.kind
        provesMembership = json["proof"]?.boolValue ?? false
        takeover = TakeoverPhases(json: json["takeover"])
        roles = RolesReport(json: json["roles"])
        missingWAL = LSN(bytes: json["missing_wal"])
    }

    /// The annotation that says the same; what has its default is left out.
    public var annotation: String {
        var json: JSONValue = [:]
        if let connectionURL { json["conn_url"] = .string(connectionURL) }
        if let apiURL { json["api_url"] = .string(apiURL) }
        if let stateName { json["state"] = .string(stateName) }
        if let roleName { json["role"] = .string(roleName) }
        if let version { json["version"] = .string(version) }
        if let timeline { json["timeline"] = .int(Int64(timeline.rawValue)) }
        if let replicationState { json["replication_state"] = .string(replicationState) }
        if !tagValues.isEmpty { json["tags"] = .object(tagValues) }
        if isRestartPending { json["pending_restart"] = true }
        if !pendingRestart.isEmpty { json["pending_restart_reason"] = PendingSetting.json(pendingRestart) }
        if let scheduledRestart { json["scheduled_restart"] = ["schedule": .string(scheduledRestart)] }
        if isPaused { json["pause"] = true }
        if !hasCheckpointSincePromotion { json["checkpoint_after_promote"] = false }
        if let position { json["xlog_location"] = .int(Int64(clamping: position.rawValue)) }
        if let received { json["receive_lsn"] = .int(Int64(clamping: received.rawValue)) }
        if let replayed { json["replay_lsn"] = .int(Int64(clamping: replayed.rawValue)) }
        if let serverVersion { json["server_version"] = .int(Int64(serverVersion)) }
        if let problem { json["problem"] = .string(bounded(problem, to: Self.maximumProblemLength)) }
        if !problems.isEmpty { json["problems"] = Problem.json(problems) }
        if let postmasterStartTime { json["postmaster_start_time"] = .string(postmasterStartTime) }
        if let restart { json["restart"] = restart.json }
        if let reinitialize { json["reinitialize"] = reinitialize.json }
        if let work { json["work"] = .int(Int64(work)) }
        if writesRoute { json["route"] = .string(RouteSettings.kind) }
        if provesMembership { json["proof"] = true }
        if let takeover { json["takeover"] = takeover.json }
        if let roles { json["roles"] = roles.json }
        if let missingWAL { json["missing_wal"] = .int(Int64(clamping: missingWAL.rawValue)) }
        return json.serialized()
    }

    private static let primaryBefore4 = "master"
    /// Of ``problem``, in Unicode scalars: it may tell what anybody has written into the store.
    private static let maximumProblemLength = 4096
}
