public import KubernetesModels
import Units

extension WriteRecord {
    /// One line of a history file.
    public var json: JSONValue {
        var value: JSONValue = [
            "id": .int(id), "invoked_ns": .int(invoked.nanoseconds), "decided_ns": .int(decided.nanoseconds),
            "outcome": .string(outcome.rawValue),
        ]
        value["server"] = server.map { .string($0) }
        value["timeline"] = timeline.map { .int(Int64($0.rawValue)) }
        value["backend"] = backend.map { .int(Int64($0)) }
        value["error"] = error.map { .string($0) }
        return value
    }
}
