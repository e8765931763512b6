/// Something amiss, in words.
struct Sighting: Hashable {
    enum Kind: Hashable {
        /// Nobody leads as far as this command sees.
        case noLeader
        /// A member that leads not.
        case silent(String)
        /// The spec is newer than what the operator said.
        case unseenChange
    }

    var kind: Kind
    var what: String
}
