import ClusterRecords
import KubernetesModels
import Synchronization

/// The text of the last answer at `/matriarch/decisions`: written once for as long as the loop decides nothing, however many
/// ask.
final class KeptDecisions: Sendable {
    private let kept = Mutex<(answer: DecisionAnswer, text: String)?>(nil)

    func text(_ answer: DecisionAnswer) -> String {
        kept.withLock { kept in
            if let kept, kept.answer == answer { return kept.text }
            let text = answer.json.serialized()
            kept = (answer, text)
            return text
        }
    }
}
