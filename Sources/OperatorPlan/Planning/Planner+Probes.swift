import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// Where the kubelet asks the members.
extension Planner {
    /// Whether the members' template has the port of the probes.
    ///
    /// A probe asks it only where the agent of the image answers there: elsewhere the kubelet would end each container again and
    /// again. And another template restarts every member, so probes move together with the image, when that has said that its
    /// agent answers. A new cluster begins with an image of now, and whatever is not known is asked where every agent answers.
    ///
    /// - Parameter image: what the template gets.
    func hasProbePort(_ image: String) -> Bool {
        guard let live = liveStatefulSet?.value(at: "spec", "template", "spec") else {
            // One that is made again around Pods that run has what they have.
            return isNew || observed.pods.contains { $0.spec?.containers?.contains(where: \.hasProbePort) ?? false }
        }
        let container = live["containers"]?.arrayValue?.first { $0["name"]?.stringValue == MemberPod.container }
        guard container?["image"]?.stringValue == image else {
            // Every agent answers on the port of the REST interface as well.
            return status.image.flatMap { $0.image == image ? $0.hasProbePort : nil } ?? false
        }
        return container?["ports"]?.arrayValue?.contains { $0["name"]?.stringValue == MemberPod.probePortName } ?? false
    }

    /// Nothing of the cluster is there, and nothing ever was.
    var isNew: Bool {
        liveStatefulSet == nil && observed.pods.isEmpty && situation.systemIdentifier == nil
            && previous.systemIdentifier == nil
    }
}

extension Container {
    fileprivate var hasProbePort: Bool { ports?.contains { $0.name == MemberPod.probePortName } ?? false }
}
