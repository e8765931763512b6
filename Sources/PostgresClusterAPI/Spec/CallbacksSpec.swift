import KubernetesModels

/// Scripts that are told what happens to a member.
public struct CallbacksSpec: Sendable, Hashable, Codable {
    public var configMapName: String
    public var timeout: Int

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case configMapName, timeout
    }
}

extension CallbacksSpec: SchemaObject {
    public static let summary = """
        Scripts the agent runs in its own container when something has happened to its member, for example to move an address \
        to the primary. Nothing waits for them, and nothing depends on what they do.
        """

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .configMapName:
            Field(
                .text(pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", maxLength: 253, meaning: "the name of a ConfigMap"),
                "ConfigMap of this namespace whose keys are `on_start`, `on_stop`, `on_restart`, `on_reload` and "
                    + "`on_role_change`, any of them; each holds a program with its `#!` line. It is mounted into every Pod "
                    + "at /etc/matriarch-callbacks. Another name restarts the members one by one; other contents do not.",
                required: true)
        case .timeout:
            Field(
                .integer(minimum: 1, maximum: 3600), "Seconds a script may run before it is ended.", default: 60)
        }
    }
}
