public import HighAvailability
import KubernetesModels
import Units

/// The annotation `matriarch.dev/restart` on the configuration's object: the operator writes it, the member it names obeys.
extension RestartOrder {
    /// nil for what asks nothing of anybody; a condition that cannot be read must not be dropped either.
    public init?(annotation: String) {
        // Not JSON: as if there were nothing in it.
        guard let json = try? JSONValue(parsing: annotation), let id = json["id"]?.stringValue, !id.isEmpty,
            let member = json["member"]?.stringValue
        else { return nil }
        let role = json["role"]?.stringValue.map { MemberRole(rawValue: $0) }
        if case .some(nil) = role { return nil }
        self.init(
            id: id, member: member, postmasterStartTime: json["postmaster_start_time"]?.stringValue,
            onlyPending: json["restart_pending"]?.boolValue ?? false, role: role ?? nil)
    }

    /// The annotation that says the same.
    public var annotation: String {
        var order: JSONValue = [
            "id": .string(id), "member": .string(member), "restart_pending": .bool(onlyPending),
        ]
        if let postmasterStartTime { order["postmaster_start_time"] = .string(postmasterStartTime) }
        if let role { order["role"] = .string(role.rawValue) }
        return order.serialized()
    }
}
