import OperatorPlan

extension Change {
    /// The kind of change, as a metric label.
    var name: String {
        switch self {
        case .apply: "apply"
        case .createSecret: "create_secret"
        case .delete: "delete"
        case .writeStore: "write_store"
        case .patch: "patch"
        case .patchMetadata: "patch_metadata"
        case .patchStatus: "patch_status"
        case .event: "event"
        }
    }

    /// What it is done to, for the log. Never a body.
    var summary: String {
        switch self {
        case .apply(let key, _): "apply \(key)"
        case .createSecret(let request): "create \(request.key)"
        case .delete(let key, _): "delete \(key)"
        case .writeStore(let write): "\(write.isCreation ? "create" : "patch") \(write.key)"
        case .patch(let key, _): "patch \(key)"
        case .patchMetadata: "patch metadata"
        case .patchStatus: "patch status"
        case .event(let request): "event \(request.reason.rawValue)"
        }
    }
}
