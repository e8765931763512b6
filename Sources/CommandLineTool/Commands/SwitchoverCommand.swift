import ArgumentParser
import KubernetesModels

/// `matriarch switchover`: moves the primary by way of spec.switchover.
struct SwitchoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchover", abstract: "Make another member the primary, without losing anything.",
        discussion: "Writes spec.switchover and follows status.switchover. Exit status 1 when it failed.")

    @OptionGroup var change: PrimaryChange

    @Option(
        help: ArgumentHelp("The member to become primary; otherwise the best replica.", valueName: "member"),
        completion: NameCompletion.members)
    var candidate: String?

    @Option(
        help: ArgumentHelp("The member that has to lead when it begins; otherwise whoever does.", valueName: "member"),
        completion: NameCompletion.members)
    var leader: String?

    @OptionGroup var schedule: ScheduleOption

    func run() async throws {
        try await change.carryOut(.switchover, from: leader, to: candidate, notBefore: schedule.notBefore) { listing in
            let leader = listing.members.first { $0.role.leads }?.name ?? "none"
            let target = candidate.map { "to \($0)" } ?? "to the best replica"
            let time = schedule.notBefore.map { " at \($0)" } ?? ""
            return "Are you sure you want to switch cluster \(change.cluster) over from \(leader) \(target)\(time)?"
        }
    }
}

/// `matriarch failover`: makes a member the primary whatever that costs, by way of spec.switchover with mode forced.
struct FailoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover", abstract: "Make a member the primary when there is none, even if that loses commits.",
        discussion: """
            Writes spec.switchover with mode forced and follows status.switchover. A primary that runs hands over in order, and \
            nothing is lost; without one, the member takes the lock whatever it lags. Exit status 1 when it failed.
            """)

    @OptionGroup var change: PrimaryChange

    @Option(
        help: ArgumentHelp("The member to become primary.", valueName: "member"), completion: NameCompletion.members)
    var candidate: String

    func run() async throws {
        try await change.carryOut(.failover, to: candidate) { listing in
            let leader = listing.members.first { $0.role.leads }?.name
            let cost = leader == nil ? " Commits that \(candidate) did not receive are lost." : ""
            return "Are you sure you want to fail cluster \(change.cluster) over "
                + "from \(leader ?? "none") to \(candidate)?\(cost)"
        }
    }
}

/// When a request is to be carried out.
struct ScheduleOption: ParsableArguments {
    @Option(help: ArgumentHelp("When: RFC 3339 with a time zone, or `now`.", valueName: "time"))
    var scheduled = "now"

    /// nil for at once.
    var notBefore: String? { scheduled == "now" ? nil : scheduled }

    func validate() throws {
        guard scheduled == "now" || Timestamp(scheduled) != nil else {
            throw ValidationError(
                "--scheduled must be RFC 3339 with a time zone, such as 2026-11-21T04:00:00Z, or now.")
        }
    }
}
