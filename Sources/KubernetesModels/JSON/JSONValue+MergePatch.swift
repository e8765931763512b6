/// Merge patches (RFC 7386): `null` removes a member, anything but an object replaces what was there.
extension JSONValue {
    /// What a server makes of this when it is patched.
    public func applying(mergePatch patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = objectValue ?? [:]
        for (key, change) in changes {
            if change.isNull {
                result.removeValue(forKey: key)
            } else {
                result[key] = (result[key] ?? .null).applying(mergePatch: change)
            }
        }
        return .object(result)
    }

    /// The patch that makes `other` of this. A member that is null there is removed: no patch can set one.
    ///
    /// - Requires: both are objects.
    public func mergePatch(to other: JSONValue) -> JSONValue {
        let old = objectValue ?? [:]
        let new = other.objectValue ?? [:]
        var patch: [String: JSONValue] = [:]
        for key in old.keys where new[key] == nil { patch[key] = .null }
        for (key, value) in new where old[key] != value {
            patch[key] =
                if let former = old[key], former.objectValue != nil, value.objectValue != nil {
                    former.mergePatch(to: value)
                } else {
                    value
                }
        }
        return .object(patch)
    }
}
