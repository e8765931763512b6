import ClusterRecords
public import KubernetesModels
import PostgresClusterAPI

/// The StatefulSet that asks an image for its version, and its Pod.
public struct ObservedImageCheck: Sendable, Hashable {
    /// As it was read.
    public var statefulSet: JSONValue
    /// nil until it was made.
    public var pod: Pod?

    public init(statefulSet: JSONValue, pod: Pod? = nil) {
        self.statefulSet = statefulSet
        self.pod = pod
    }

    var uid: String? { statefulSet.value(at: "metadata", "uid")?.stringValue }

    /// Whose answer it brings.
    var image: String? {
        statefulSet.value(at: "spec", "template", "spec", "containers")?[0]?["image"]?.stringValue
    }

    /// What the kubelet says of the container; nil while there is none, or one of an earlier question.
    private var container: ContainerStatus? {
        guard let pod, pod.metadata.ownerReferences?.contains(where: { $0.uid == uid }) == true,
            pod.spec?.containers?.first?.image == image
        else { return nil }
        return pod.status?.containerStatuses?.first
    }

    /// What the image has said of itself; nil while it has not. The container is started again when it has ended, so the answer
    /// may be the last one's.
    var answer: ImageAnswer? {
        for ended in [container?.state?.terminated, container?.lastState?.terminated] {
            guard let ended, ended.exitCode == 0, let text = ended.message, let answer = ImageAnswer(text) else {
                continue
            }
            return answer
        }
        return nil
    }

    /// Why there is no answer, in words of the kubelet and the scheduler; nil when nothing is wrong so far.
    var trouble: String? {
        if let ended = container?.lastState?.terminated ?? container?.state?.terminated {
            let end = "its container ended with exit code \(ended.exitCode ?? -1)"
            return ended.message.map { "\(end): \($0.trimmed)" } ?? end
        }
        if let waiting = container?.state?.waiting, let reason = waiting.reason, reason != "ContainerCreating" {
            return waiting.message.map { "\(reason): \($0)" } ?? reason
        }
        guard let pod else { return "its Pod is not there" }
        let scheduled = pod.status?.conditions?.first { $0.type == "PodScheduled" && $0.status == "False" }
        return scheduled?.message
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
