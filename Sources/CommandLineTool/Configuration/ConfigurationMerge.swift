import KubernetesModels

/// What somebody else and the one at the editor have both made of one configuration.
struct ConfigurationMerge {
    /// Everything both have changed; where they disagree, what was written here.
    let document: ConfigurationDocument
    /// Keys that both changed, each with what the other made of it.
    private(set) var remarks: [String] = []

    init(base: ConfigurationDocument, mine: ConfigurationDocument, theirs: ConfigurationDocument) {
        var remarks: [String] = []
        document = ConfigurationDocument(
            Self.merged(base.json, mine.json, theirs.json, at: "", &remarks) ?? .object([:]))
        self.remarks = remarks
    }

    /// For the one at the editor.
    var remark: String {
        let first = "somebody else has changed the configuration meanwhile; "
        guard !remarks.isEmpty else { return first + "this has both changes" }
        return ([first + "this has both changes, but look at:"] + remarks).joined(separator: "\n")
    }

    private static func merged(
        _ base: JSONValue?, _ mine: JSONValue?, _ theirs: JSONValue?, at path: String, _ remarks: inout [String]
    ) -> JSONValue? {
        if mine == theirs || theirs == base { return mine }
        if mine == base { return theirs }
        if let own = mine?.objectValue, let other = theirs?.objectValue {
            let former = base?.objectValue ?? [:]
            var members: [String: JSONValue] = [:]
            for key in Set(own.keys).union(other.keys).sorted() {
                let below = path.isEmpty ? key : "\(path).\(key)"
                if let value = merged(former[key], own[key], other[key], at: below, &remarks) { members[key] = value }
            }
            return .object(members)
        }
        if let own = mine?.arrayValue, let other = theirs?.arrayValue {
            remarks.append("\(path) was changed by somebody else too: this has the lines of both, look at their order")
            return .array(lines(base?.arrayValue ?? [], own, other))
        }
        remarks.append("\(path) was changed by somebody else too: theirs is \(theirs?.serialized() ?? "nothing")")
        return mine
    }

    /// Theirs, without what was taken out here, and with what was put in here behind the line it stands behind.
    private static func lines(_ base: [JSONValue], _ mine: [JSONValue], _ theirs: [JSONValue]) -> [JSONValue] {
        let removed = Set(base).subtracting(mine)
        var result = theirs.filter { !removed.contains($0) }
        for (index, line) in mine.enumerated() where !base.contains(line) && !result.contains(line) {
            let before = mine[..<index].reversed().lazy.compactMap { result.lastIndex(of: $0) }.first
            result.insert(line, at: before.map { $0 + 1 } ?? 0)
        }
        return result
    }
}
