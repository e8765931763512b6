import HighAvailability

/// What this member has said last.
struct Told {
    /// To the log.
    var decision: Decision?
    /// To the callbacks.
    var story = CallbackStory()
}
