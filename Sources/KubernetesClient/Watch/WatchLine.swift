import KubernetesModels

/// One line of a watch, decoded in one pass.
enum WatchLine<R: Decodable & Sendable>: Decodable {
    case event(WatchEvent<R>)
    /// A `Status` object.
    case error(JSONValue)
    /// A type this client does not know; skipped.
    case unknown

    private enum CodingKeys: String, CodingKey { case type, object }
    private struct Bookmark: Decodable {
        struct Metadata: Decodable { var resourceVersion: String? }
        var metadata: Metadata
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "ADDED": self = .event(.added(try container.decode(R.self, forKey: .object)))
        case "MODIFIED": self = .event(.modified(try container.decode(R.self, forKey: .object)))
        case "DELETED": self = .event(.deleted(try container.decode(R.self, forKey: .object)))
        case "BOOKMARK":
            let bookmark = try container.decode(Bookmark.self, forKey: .object)
            self = .event(.bookmark(resourceVersion: bookmark.metadata.resourceVersion ?? ""))
        case "ERROR": self = .error(try container.decode(JSONValue.self, forKey: .object))
        case _: self = .unknown
        }
    }
}
