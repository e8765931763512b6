import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// The members' NetworkPolicy.
extension Planner {
    /// Whether the members have one: where the spec has the section. Nobody's ports are closed, or opened past a policy that
    /// lets nobody in, who has not said so.
    var hasNetworkPolicy: Bool { spec.networkPolicy?.enabled ?? false }

    mutating func planNetworkPolicy() {
        let key = ObjectKey(.networkPolicy, scope.networkPolicy)
        let live = observed.objects[key]
        guard hasNetworkPolicy else {
            if let live {
                plan.changes.append(.delete(key, uid: live.value(at: "metadata", "uid")?.stringValue))
            }
            return
        }
        let wanted = context.networkPolicy()
        // What somebody added lets more in, and an empty selector is everybody: Kubernetes itself adds nothing to what is said
        // here. What is not said, such as egress, has no effect on a policy of this type, and could not be taken out.
        let isChanged = wanted["spec"]?.objectValue?.contains { key, value in
            live?.value(at: "spec", key)?.asStored != value.asStored
        }
        apply(.networkPolicy, wanted, over: isChanged == true ? nil : live)
    }
}

extension JSONValue {
    /// As an API server keeps it, which drops nulls, and lists and labels that are empty. An empty selector stays: it selects all.
    fileprivate var asStored: JSONValue {
        switch self {
        case .array(let elements): return .array(elements.map(\.asStored))
        case .object(let members):
            let kept = members.filter { key, value in
                !value.isNull && value != [] && !(key == "matchLabels" && value == [:])
            }
            return .object(kept.mapValues(\.asStored))
        case .null, .bool, .int, .double, .string: return self
        }
    }
}
