import HighAvailability

/// What this member has said last.
struct Told {
    /// To the log.
    var decision: Decision?
    /// To whoever asks why.
    var decisions = DecisionLog()
    /// To the callbacks.
    var story = CallbackStory()
}
