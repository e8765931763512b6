import KubernetesModels

/// What became of the question to a member.
enum MemberAnswer: Hashable {
    /// Its description of itself, as `/patroni` has it.
    case document(JSONValue)
    /// It did not answer in time, or cannot be reached through the API server.
    case silence

    var document: JSONValue? {
        switch self {
        case .document(let document): document
        case .silence: nil
        }
    }
}
