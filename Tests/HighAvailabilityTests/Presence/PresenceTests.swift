import HighAvailability
import Testing

@Suite struct PresenceTests {
    private static func describe(
        _ server: ServerState, _ activity: Activity? = nil, isMine: Bool = false, hasPostmaster: Bool? = nil,
        change: (inout PresenceFacts) -> Void = { _ in }
    ) -> Presence? {
        var facts = PresenceFacts(server: server, activity: activity, isMine: isMine)
        change(&facts)
        return describePresence(facts, hasPostmaster: hasPostmaster ?? server.hasProcess)
    }

    private static let primary = ServerState.primary(Fixture.running())
    private static let standby = ServerState.standby(Fixture.running())
    private static let activities: [Activity?] = [nil] + Activity.allCases

    // MARK: Role and state

    @Test func `a member without the lock is a replica, a demoted primary, or nothing yet`() {
        for server in Fixture.servers {
            let role: MemberRole =
                switch server {
                case .noData, .unusable, .damaged: .uninitialized
                case .primary: .demoted
                case .stopped, .starting, .standby, .unresponsive: .replica
                }
            for activity in Self.activities {
                #expect(Self.describe(server, activity)?.role == role, "\(server), \(String(describing: activity))")
            }
        }
    }

    @Test func `the holder is the primary while its server is one and nothing but a switchover is under way`() {
        for server in Fixture.servers {
            for activity in Self.activities where activity != .promoting {
                let presence = Self.describe(server, activity, isMine: true)
                let leads = server == Self.primary && (activity == nil || activity == .handingOver)
                #expect(presence?.leads == leads)
                #expect((presence?.role == .primary) == (leads || activity == .restartingPrimary))
            }
        }
    }

    @Test func `the state is that of the action, or of the server`() {
        let byActivity: [Activity: MemberState] = [
            .bootstrapping: .initializing, .cloning: .creatingReplica, .startingPrimary: .starting,
            .startingStandby: .starting, .demoting: .stopping, .demotingCluster: .stopping, .stopping: .stopping,
            .restarting: .restarting, .restartingPrimary: .restarting, .restartingStandby: .restarting,
        ]
        for server in Fixture.servers {
            let byServer: MemberState =
                switch server {
                case .primary, .standby: .running
                case .starting: .starting
                case .stopped(let stopped): stopped.isClean ? .stopped : .crashed
                case .unresponsive: .crashed
                case .noData, .unusable, .damaged: .stopped
                }
            for activity in Self.activities {
                let copying: MemberState? =
                    activity == .reinitializing ? (server == .noData ? .creatingReplica : .stopping) : nil
                let expected = copying ?? activity.flatMap { byActivity[$0] } ?? byServer
                #expect(Self.describe(server, activity)?.state == expected)
            }
        }
    }

    @Test func `nothing is said during a promotion, unless it takes long or is complete`() {
        for server in Fixture.servers {
            #expect(Self.describe(server, .promoting, isMine: true) == nil)
            #expect(Self.describe(server, .promoting, isMine: true) { $0.isPromotionLong = true } != nil)
            #expect(Self.describe(server, .promoting) != nil)
        }
        let presence = Self.describe(Self.primary, .promoting, isMine: true) { $0.isTakingOffice = true }
        #expect(presence == Presence(role: .primary, state: .running, label: .primary, leads: true))
    }

    @Test func `a standby with the lock leads a standby cluster, also while it is brought back`() {
        func role(_ server: ServerState, _ activity: Activity?, was: Bool, isStandbyCluster: Bool = true) -> MemberRole?
        {
            Self.describe(server, activity, isMine: true) {
                $0.isStandbyCluster = isStandbyCluster
                $0.wasStandbyLeader = was
            }?.role
        }
        for activity in Self.activities where activity != .promoting {
            for was in [true, false] {
                let leads = activity == nil || (activity == .rejoining && was)
                let other: MemberRole = activity == .restartingPrimary ? .primary : .replica
                #expect(role(Self.standby, activity, was: was) == (leads ? .standbyLeader : other))
                #expect(role(Self.standby, activity, was: was, isStandbyCluster: false) == other)
            }
        }
        #expect(role(Self.primary, nil, was: true) == .primary)
    }

    // MARK: The label

    @Test func `a leader has the label set until the store shows it and it was this member's last word`() {
        for isLabelled in [true, false] {
            for wasRouted in [true, false] {
                let presence = Self.describe(Self.primary, isMine: true) {
                    $0.isLabelledPrimary = isLabelled
                    $0.wasRouted = wasRouted
                }
                #expect(presence?.label == (isLabelled && wasRouted ? .unchanged : .primary))
            }
        }
    }

    @Test func `who does not lead keeps the label as its holder, or once it is down and nobody else has it`() {
        for server in Fixture.servers where server != Self.primary {
            for isMine in [true, false] {
                for hasPostmaster in [true, false] {
                    for isAnotherLabelled in [true, false] {
                        let presence = Self.describe(server, isMine: isMine, hasPostmaster: hasPostmaster) {
                            $0.isLabelledPrimary = true
                            $0.isAnotherLabelledPrimary = isAnotherLabelled
                        }
                        let keeps = isMine || (!hasPostmaster && !isAnotherLabelled)
                        let other: Presence.Label = server == Self.standby ? .replica : .absent
                        #expect(presence?.label == (keeps ? .unchanged : other))
                    }
                }
            }
        }
    }

    @Test
    func `only a standby that goes on is behind the read-only Service; a primary without the lock is behind none`() {
        for server in Fixture.servers {
            let isStandby = server == Self.standby
            #expect(Self.describe(server)?.label == (isStandby ? .replica : Presence.Label.absent))
            #expect(Self.describe(server) { $0.isStopping = true }?.label == Presence.Label.absent)
        }
    }

    @Test func `a route that is withdrawn is withdrawn from everybody`() {
        for server in Fixture.servers {
            for isMine in [true, false] {
                let presence = Self.describe(server, isMine: isMine) {
                    $0.isRouteWithdrawn = true
                    $0.isLabelledPrimary = true
                }
                #expect(presence?.label == Presence.Label.absent)
            }
        }
    }
}
