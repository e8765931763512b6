public import KubernetesModels

/// Something worth telling the people who look after a resource.
public struct EventOccurrence: Sendable, Hashable {
    /// What it is about; its namespace holds the event.
    public var regarding: ObjectReference
    public var related: ObjectReference?
    public var type: EventType
    /// Why, in CamelCase and stable, such as `SwitchoverSucceeded`.
    public var reason: String
    /// What was done or tried, in CamelCase and stable, such as `Switchover`.
    public var action: String
    /// One sentence; longer than 1 kB is cut.
    public var note: String

    public init(
        regarding: ObjectReference, related: ObjectReference? = nil, type: EventType = .normal, reason: String,
        action: String, note: String
    ) {
        self.regarding = regarding
        self.related = related
        self.type = type
        self.reason = reason
        self.action = action
        self.note = note
    }

    /// Equal occurrences make one series. The resource version of what it is about does not matter.
    var seriesKey: EventOccurrence {
        var key = self
        key.regarding.resourceVersion = nil
        key.related?.resourceVersion = nil
        return key
    }

    /// The note within the server's limit of 1024 bytes, cut at a character.
    var boundedNote: String {
        let limit = 1_024
        guard note.utf8.count > limit else { return note }
        var text = ""
        var size = 0
        for character in note {
            let width = character.utf8.count
            if size + width > limit - 3 { break }
            size += width
            text.append(character)
        }
        return text + "…"
    }
}
