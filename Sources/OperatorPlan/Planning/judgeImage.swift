/// What becomes of the image in the spec.
enum ImageVerdict: Hashable, Sendable {
    /// The members' template has it, or gets it.
    case take
    /// The members stay with what they have until the image has said its version.
    case ask
    /// The members stay with what they have: the image has another major version than the data.
    case refuse(image: Int, data: Int)
}

/// Whether the members may be given another image.
///
/// A tag is no proof of a version, so the image itself is asked; and another major version cannot start the data, so it is
/// never rolled out.
///
/// - Parameters:
///   - wanted: spec.image.
///   - live: the image in the members' template; nil before there is one.
///   - data: major version of the cluster's data; nil while no server of it ever said one.
///   - answer: major version the wanted image has said; nil while it has not.
func judgeImage(wanted: String, live: String?, data: Int?, answer: Int?) -> ImageVerdict {
    // Without data there is nothing to protect, and of data no server ever ran on the agents keep their own check.
    guard let live, live != wanted, let data else { return .take }
    guard let answer else { return .ask }
    return answer == data ? .take : .refuse(image: answer, data: data)
}
