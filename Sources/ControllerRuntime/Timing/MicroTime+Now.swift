import KubernetesModels
import Observability

extension MicroTime {
    /// The wall clock, to be written down for people; nothing decides by it.
    static func now() -> MicroTime {
        MicroTime(Timestamp(microsecondsSince1970: LogTime.now().microsecondsSinceEpoch))
    }
}
