public import HighAvailability
public import KubernetesModels
import Units

extension Member {
    /// Reads a member from its Pod: what the agent wrote into the annotation, what the kubelet into the status.
    ///
    /// - Parameter container: name of the container that runs PostgreSQL.
    /// - Returns: nil for a Pod without a name.
    public init?(pod: Pod, container: String) {
        self.init(pod: pod, saying: MemberRecord(pod: pod), container: container)
    }

    /// The same where its annotation has been read already.
    ///
    /// - Parameter said: nil for no annotation, or one of somebody else: a member without data.
    public init?(pod: Pod, saying said: MemberRecord?, container: String) {
        guard let name = pod.metadata.name else { return nil }
        let record = said ?? MemberRecord()
        let containerStatus = pod.status?.containerStatuses?.first { $0.name == container }
        let terminated = [containerStatus?.state?.terminated, containerStatus?.lastState?.terminated]
        let tags = record.tags
        self.init(
            name: name, podUID: pod.metadata.uid, host: record.address?.host ?? pod.status?.podIP,
            port: record.address?.port ?? MemberPod.postgresPort, apiURL: record.apiURL, role: record.role,
            state: record.state,
            timeline: record.timeline, isStreaming: record.isStreaming, tags: tags,
            hasCheckpointSincePromotion: record.hasCheckpointSincePromotion,
            terminatedInstances: terminated.reduce(into: []) { $0.formUnion($1.map(Self.names) ?? []) },
            isInBackOff: containerStatus?.isHeldBack ?? false,
            isBeingDeleted: pod.metadata.deletionTimestamp != nil,
            isLabelledPrimary: pod.metadata.labels?[Labels.role] == RoleLabel.primary.rawValue,
            zone: tags.zone ?? pod.metadata.labels?[Labels.zone].flatMap { $0.isEmpty ? nil : $0 },
            restart: record.restart, reinitialize: record.reinitialize, provesMembership: said?.provesMembership,
            work: record.work)
    }

    /// What a lock record can name an instance that has ended: the names it left in its termination message, and ID of
    /// `containerd://ID`, which is what former agents wrote.
    private static func names(of ended: ContainerStateTerminated) -> Set<String> {
        var names = Set(ContainerInstance.all(in: ended.message ?? "").map(\.name))
        if let identifier = ended.containerID?.split(separator: "/").last { names.insert(String(identifier)) }
        return names
    }
}
