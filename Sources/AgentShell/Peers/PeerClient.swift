import ClusterRecords
import HighAvailability
import KubernetesModels
import Units

/// Asks the other agents, over REST and at this moment; in the order of their names, so that a simulated world is asked the same
/// each time.
struct PeerClient: Sendable {
    private let line: any PeerLine
    private let clock: any AgentClock

    init(_ line: any PeerLine, clock: any AgentClock) {
        self.line = line
        self.clock = clock
    }

    /// Asks all of them at the same time; whoever does not answer in time is not in the result.
    ///
    /// - Parameter limit: for the whole round, not for each.
    func positions(of members: [Member], within limit: Duration = .seconds(1)) async -> [PositionReport] {
        await withTaskGroup(of: PositionReport?.self) { group in
            for member in members.sorted(by: { $0.name < $1.name }) {
                guard let apiURL = member.apiURL else { continue }
                group.addTask { await self.position(of: member.name, beside: apiURL, within: limit) }
            }
            var reports: [PositionReport] = []
            for await report in group { if let report { reports.append(report) } }
            return reports.sorted { $0.name < $1.name }
        }
    }

    /// Asks all of them for a seal at the same time; who refuses tells its position all the same.
    ///
    /// - Parameter limit: ending a walreceiver takes up to its own deadline.
    func seals(_ wanted: Seal, of members: [Member], within limit: Duration = .milliseconds(2500)) async
        -> [PositionReport]
    {
        await withTaskGroup(of: PositionReport?.self) { group in
            for member in members.sorted(by: { $0.name < $1.name }) {
                guard let query = wanted.query, let apiURL = member.apiURL else { continue }
                group.addTask {
                    await self.position(
                        of: member.name, PeerQuestion(.post, .seal, query: query), beside: apiURL, within: limit)
                }
            }
            var reports: [PositionReport] = []
            for await report in group { if let report { reports.append(report) } }
            return reports.sorted { $0.name < $1.name }
        }
    }

    func position(of member: Member, within limit: Duration = .seconds(1)) async -> PositionReport? {
        guard let apiURL = member.apiURL else { return nil }
        return await position(of: member.name, beside: apiURL, within: limit)
    }

    private func position(
        of name: String, _ question: PeerQuestion = PeerQuestion(.get, .position), beside apiURL: String,
        within limit: Duration
    ) async -> PositionReport? {
        // Any failure means the same here: it did not answer.
        guard
            let response = try? await line.ask(question, beside: apiURL, within: limit),
            response.status == 200, let json = try? JSONValue(parsing: response.body)
        else { return nil }
        return PositionAnswer(of: name, json: json)?.report
    }

    /// Whose confirmation a leader's commits wait for.
    enum AwaitedStandbys: Hashable, Sendable {
        case names(Set<String>)
        /// It answers, and does not say: it does not run as a primary, or is an agent that knows no such question.
        case untold
        /// It did not answer in time, cannot measure, or said what nobody here can read: its commits may wait for anybody.
        case silent
    }

    /// Asks a leader whose confirmation its commits wait for at this moment.
    func awaitedStandbys(of leader: Member, within limit: Duration = .seconds(1)) async -> AwaitedStandbys {
        guard let apiURL = leader.apiURL, PeerPath.position.url(beside: apiURL) != nil else { return .untold }
        // Any failure means the same here: it did not answer.
        guard let response = try? await line.ask(PeerQuestion(.get, .position), beside: apiURL, within: limit),
            response.status == 200, let json = try? JSONValue(parsing: response.body),
            let answer = PositionAnswer(of: leader.name, json: json)
        else { return .silent }
        if let names = answer.awaitedStandbys { return .names(names) }
        return json["awaited"] == nil ? .untold : .silent
    }

    // MARK: Failsafe

    /// Asks everybody in the round's list but the asker, all at the same time, until each agreed, the deadline is there, or
    /// one of them has seen that the leader's reign is over.
    func consent(to round: FailsafeRound, from leader: FailsafeLeader) async -> FailsafeConsent {
        await withTaskGroup(of: Reply.self) { group in
            let others = round.list.others(than: leader.identity).sorted { ($0.name, $0.apiURL) < ($1.name, $1.apiURL) }
            for entry in others {
                group.addTask { await self.ask(entry, round, leader) }
            }
            var consent = FailsafeConsent()
            for await reply in group {
                switch reply {
                case .agreed(let entry): consent.agreed.insert(entry)
                case .none: break
                case .hasSeen(let reign, let member):
                    consent.laterReign = (reign, member)
                    group.cancelAll()
                }
            }
            return consent
        }
    }

    private enum Reply: Sendable {
        case agreed(FailsafeList.Entry)
        case none
        case hasSeen(Reign, by: String)
    }

    private func ask(_ entry: FailsafeList.Entry, _ round: FailsafeRound, _ leader: FailsafeLeader) async
        -> Reply
    {
        // A Pod without a UID cannot be told from its successor.
        guard let uid = entry.podUID else { return .none }
        let body = leader.message(to: entry.name, podUID: uid, round).json.serialized()
        while true {
            let left = round.deadline - clock.now
            guard left > .zero, !Task.isCancelled else { return .none }
            do {
                guard
                    let response = try await line.ask(
                        PeerQuestion(.post, .failsafe, body: body), beside: entry.apiURL, within: left)
                else { return .none }
                let reply = FailsafeReply(
                    status: response.status, body: String(decoding: response.body, as: UTF8.self)
                ) { response.headers[$0] }
                switch reply?.answer {
                case nil: return .none
                case .accepted(let member, let podUID, _):
                    // Another Pod may answer at this address now.
                    return member == entry.name && podUID == uid ? .agreed(entry) : .none
                case .off, .runningAsLeader, .refused:
                    if let seen = reply?.reign, round.reign?.isOver(bySightOf: seen) == true {
                        return .hasSeen(seen, by: entry.name)
                    }
                }
            } catch {
                // Silent, or its agent is being started again: asked again below.
            }
            // The pace of asking. Cancellation shows above.
            try? await clock.sleep(for: .milliseconds(250))
        }
    }
}
