package import HighAvailability

/// Keeps every observation and what was decided on it, for finding out afterwards why a member did what it did.
package protocol DecisionRecorder: Sendable {
    func record(_ observation: Observation, _ decision: Decision)

    /// - Parameter record: of synchronous replication, on which the election was judged; nil: none restricts it.
    func record(_ verdict: CandidacyVerdict, over record: SynchronousState?)
}
