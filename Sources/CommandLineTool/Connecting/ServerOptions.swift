import ArgumentParser

/// Which server of a cluster a command speaks to.
struct ServerOptions: ParsableArguments {
    /// Patroni's words for what a member is.
    enum Role: String, CaseIterable, ExpressibleByArgument {
        case leader
        case primary
        case standbyLeader = "standby-leader"
        case replica
        case standby
        case any
    }

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "leader (default), primary, standby-leader, replica, standby or any.", valueName: "role"))
    var role: Role?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("This member.", valueName: "member"), completion: NameCompletion.members
    )
    var member: String?

    func validate() throws {
        guard role == nil || member == nil else {
            throw ValidationError("--role and --member are mutually exclusive options.")
        }
    }

    /// What leads to such a server whoever has the role; nil: no Service does.
    var service: ServiceKind? {
        guard member == nil else { return nil }
        switch role {
        case nil, .leader?, .primary?, .standbyLeader?: return .readWrite
        case .replica?, .standby?: return .readOnly
        case .any?: return nil
        }
    }

    enum ServiceKind {
        case readWrite
        case readOnly
    }

    /// The member that is meant, as the cluster is now.
    ///
    /// - Throws: ``CommandError`` when there is none.
    func choice(in listing: ClusterListing) throws -> MemberListing {
        if let member {
            guard let found = listing.members.first(where: { $0.name == member }) else {
                throw CommandError("Member \(member) does not exist in cluster \(listing.name)")
            }
            return found
        }
        let leader = listing.members.first { $0.role.leads }
        let found =
            switch role {
            case nil, .leader?: leader
            case .primary?: listing.members.first { $0.role == .leader }
            case .standbyLeader?: listing.members.first { $0.role == .standbyLeader }
            case .replica?, .standby?: Self.best(listing.members.filter { !$0.role.leads })
            case .any?: leader ?? Self.best(listing.members)
            }
        if let found { return found }
        switch role {
        case nil, .leader?: throw CommandError("This cluster has no leader")
        case .primary? where leader != nil:
            throw CommandError("Cluster \(listing.name) is a standby cluster: it has no primary")
        case .standbyLeader? where leader != nil:
            throw CommandError("Cluster \(listing.name) is no standby cluster: it has no standby leader")
        case .primary?, .standbyLeader?: throw CommandError("This cluster has no leader")
        case .replica?, .standby?, .any?:
            throw CommandError("Cluster \(listing.name) has no \(role?.rawValue ?? "member") to connect to")
        }
    }

    /// One that streams before one that runs; none that is not heard of.
    private static func best(_ members: [MemberListing]) -> MemberListing? {
        members.first { $0.state == "streaming" } ?? members.first { $0.state == "running" }
    }
}
