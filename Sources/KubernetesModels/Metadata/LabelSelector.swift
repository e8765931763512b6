/// Selects objects by equality of labels.
public struct LabelSelector: Codable, Sendable, Hashable {
    public var matchLabels: [String: String]?

    public init(matchLabels: [String: String]? = nil) {
        self.matchLabels = matchLabels
    }
}
