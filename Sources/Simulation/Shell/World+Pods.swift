import ClusterRecords
import HighAvailability
import KubernetesModels

/// Pods as the API server has them.
extension World {
    /// The Pod as the kubelet and the controllers have it; what its agent has written on it stays.
    func showPod(_ name: String, _ member: Member?) {
        guard let member else {
            if let gone = objects.deletePod(name) { tell(.podIsGone(gone)) }
            return
        }
        var pod =
            objects.pods[name].flatMap { $0.metadata.uid == member.podUID ? $0 : nil }
            ?? PodObject(
                metadata: ObjectMeta(
                    name: name, uid: member.podUID,
                    labels: Labels.all(cluster: AgentLife.scope.cluster, component: Component.member)))
        if member.isBeingDeleted, pod.metadata.deletionTimestamp == nil {
            pod.metadata.deletionTimestamp = Timestamp(microsecondsSince1970: 1_767_225_600_000_000 + now)
        }
        let ended = member.terminatedInstances.sorted().map {
            ContainerState(terminated: ContainerStateTerminated(containerID: "simulated://\($0)"))
        }
        var state = ContainerState()
        if member.isInBackOff { state.waiting = ContainerStateWaiting(reason: "CrashLoopBackOff") }
        pod.status = PodStatus(
            podIP: member.host,
            containerStatuses: [ContainerStatus(name: MemberPod.container, state: state, lastState: ended.first)])
        let stored = objects.put(pod)
        tell(.pod(stored))
    }
}
