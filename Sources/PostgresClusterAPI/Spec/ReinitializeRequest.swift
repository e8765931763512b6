import ClusterRecords
import KubernetesModels

/// A request to copy one member's data anew.
public struct ReinitializeRequest: Sendable, Hashable, Codable {
    public var instance: String
    public var force: Bool
    public var timeout: Int
    public var id: String?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case instance, force, timeout, id
    }

    public init(instance: String, force: Bool = false, timeout: Int = 300, id: String? = nil) {
        self.instance = instance
        self.force = force
        self.timeout = timeout
        self.id = id
    }

    /// Identifies the content: the same block is carried out once, a changed one again.
    public var contentHash: String {
        var hash = StableHash()
        hash.combine(instance)
        hash.combine(String(force))
        hash.combine(String(timeout))
        hash.combine(id ?? "")
        return hash.hexadecimal
    }
}

extension ReinitializeRequest: SchemaObject {
    public static let summary = """
        A request to copy the primary's data to a replica anew. The replica's old data is kept beside the new, and the \
        primary's is never touched. Carried out once per distinct content; progress and result are in status.reinitialize, the \
        condition ReinitializeCompleted and Events.
        """

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .instance:
            Field(.text(maxLength: 253), "Name of the member, for example demo-2.", required: true)
        case .force:
            Field(
                .boolean,
                "Also while another member is copied, while commits of a strictly synchronous cluster have to wait for "
                    + "this one, and without room for both.",
                default: false)
        case .timeout:
            Field(
                .integer(minimum: 10, maximum: 3600),
                "Seconds until the member has to have begun; then the request is withdrawn. A copy that runs has all the time it "
                    + "takes.",
                default: 300)
        case .id:
            Field(.text(maxLength: 128), "Any text; a new one makes an otherwise equal request distinct.")
        }
    }
}
