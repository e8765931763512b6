import ClusterRecords
import HighAvailability
import KubernetesModels

/// Members below those they stream from, as `patronictl topology` shows them.
extension ClusterListing {
    /// Puts the members in the order of the tree, and says of each where in it it stands.
    ///
    /// A member that its tags lead round in a circle, and one that streams from nobody, stands below the leader. Without a
    /// leader whoever has no other place is a root.
    mutating func arrangeAsTree() {
        let leader = members.first { $0.role.leads }?.name
        let sources = Dictionary(
            members.map { ($0.name, source(of: $0, leader: leader)) }, uniquingKeysWith: { first, _ in first })
        var arranged: [MemberListing] = []
        func add(_ member: MemberListing, depth: Int) {
            guard !arranged.contains(where: { $0.name == member.name }) else { return }
            var placed = member
            placed.place = MemberListing.Place(
                depth: depth,
                source: placed.isStreamingFromNobody || placed.state != "streaming" ? nil : sources[member.name] ?? nil)
            arranged.append(placed)
            for follower in members where sources[follower.name] == .some(member.name) {
                add(follower, depth: depth + 1)
            }
        }
        for member in members where sources[member.name] == .some(nil) { add(member, depth: 0) }
        // Those that follow one another in a circle.
        for member in members { add(member, depth: leader == nil ? 0 : 1) }
        members = arranged
    }

    /// The one it streams from by its tag and by what the others do; nil for the leader, and for all when there is none.
    private func source(of member: MemberListing, leader: String?) -> String? {
        guard member.name != leader else { return nil }
        let named = MemberTags(json: .object(member.tags)).replicatesFrom
        guard let named, named != member.name, named != leader,
            let upstream = members.first(where: { $0.name == named }), upstream.state == "streaming"
        else { return leader }
        return named
    }
}

extension MemberListing {
    /// Where a member stands in the tree of who streams from whom.
    struct Place: Hashable {
        /// 0 for a root.
        var depth: Int
        /// Whom it streams from; nil: nobody, now.
        var source: String?
    }

    fileprivate var isStreamingFromNobody: Bool { MemberTags(json: .object(tags)).streamsFromNobody }

    /// The name as it stands in the tree: two spaces for each level, and a plus sign below a root.
    var nameInTree: String {
        guard let place, place.depth > 0 else { return name }
        return String(repeating: "  ", count: place.depth - 1) + "+ " + name
    }
}
