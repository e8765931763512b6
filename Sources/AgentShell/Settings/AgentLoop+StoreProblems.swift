import ClusterRecords
import ClusterStore
import Logging

extension AgentLoop {
    /// Tells of what cannot be read in the store, once for as long as it is the same.
    func noteStoreProblems() {
        let problems = watch.configurationProblems.map(\.inWordsOfResource) + watch.storeProblems
        guard problems != settingsKeeping.storeProblems else { return }
        settingsKeeping.storeProblems = problems
        guard !problems.isEmpty else { return logger.notice("everything in the store can be read again") }
        logger.warning(
            "the store has what cannot be read and is not used",
            metadata: ["problems": "\(problems.map(\.description).joined(separator: "; "))"])
    }
}
