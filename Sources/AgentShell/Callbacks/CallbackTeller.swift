package import HighAvailability

/// Has those told who asked to hear what happens to a member.
package protocol CallbackTeller: Sendable {
    /// Has it told as soon as it may be, in the order of the calls; waits for nothing.
    ///
    /// - Parameter limit: how long it may run.
    func tell(_ call: CallbackCall, limit: Duration)
}
