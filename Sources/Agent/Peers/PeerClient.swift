import HTTPTransport
import HighAvailability
import KubernetesModels
import Units

/// Asks the other agents, over REST and at this moment.
struct PeerClient: Sendable {
    private let transport: HTTPTransport

    init(transport: HTTPTransport) {
        self.transport = transport
    }

    /// Asks all of them at the same time; whoever does not answer in time is not in the result.
    ///
    /// - Parameter limit: for the whole round, not for each.
    func positions(of members: [Member], within limit: Duration = .seconds(1)) async -> [PositionReport] {
        await withTaskGroup(of: PositionReport?.self) { group in
            for member in members {
                guard let url = Self.positionURL(member) else { continue }
                group.addTask { await self.position(of: member.name, url: url, within: limit) }
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
            for member in members {
                guard let url = Self.sealURL(member, wanted) else { continue }
                group.addTask { await self.position(of: member.name, url: url, method: .post, within: limit) }
            }
            var reports: [PositionReport] = []
            for await report in group { if let report { reports.append(report) } }
            return reports.sorted { $0.name < $1.name }
        }
    }

    private static func sealURL(_ member: Member, _ wanted: Seal) -> String? {
        // A version is opaque: one that would have to be escaped is not asked about, and the vote goes on without it.
        guard let url = member.apiURL, url.hasSuffix("/patroni"),
            wanted.lockVersion.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
        else { return nil }
        return url.dropLast("/patroni".count) + "/matriarch/seal?epoch=\(wanted.epoch)&lock=\(wanted.lockVersion)"
    }

    func position(of member: Member, within limit: Duration = .seconds(1)) async -> PositionReport? {
        guard let url = Self.positionURL(member) else { return nil }
        return await position(of: member.name, url: url, within: limit)
    }

    private func position(
        of name: String, url: String, method: HTTPRequest.Method = .get, within limit: Duration
    ) async -> PositionReport? {
        // Any failure means the same here: it did not answer.
        guard let response = try? await transport.send(HTTPRequest(method: method, url: url), deadline: limit),
            response.status == 200, let json = try? JSONValue(parsing: response.body)
        else { return nil }
        return PositionReport(name: name, json: json)
    }

    /// Whose confirmation a leader's commits wait for.
    enum AwaitedStandbys: Sendable {
        case names(Set<String>)
        /// It answers, and does not say: it does not run as a primary, or is an agent that knows no such question.
        case untold
        /// It did not answer in time, or cannot measure.
        case silent
    }

    /// Asks a leader whose confirmation its commits wait for at this moment.
    func awaitedStandbys(of leader: Member, within limit: Duration = .seconds(1)) async -> AwaitedStandbys {
        guard let url = Self.positionURL(leader) else { return .untold }
        // Any failure means the same here: it did not answer.
        guard let response = try? await transport.send(HTTPRequest(method: .get, url: url), deadline: limit),
            response.status == 200, let json = try? JSONValue(parsing: response.body)
        else { return .silent }
        return json["awaited"]?.arrayValue.map { .names(Set($0.compactMap(\.stringValue))) } ?? .untold
    }

    private static func positionURL(_ member: Member) -> String? {
        member.apiURL.flatMap { url($0, "/matriarch/position") }
    }

    private static func url(_ base: String, _ path: String) -> String? {
        base.hasSuffix("/patroni") ? base.dropLast("/patroni".count) + path : nil
    }

    // MARK: Failsafe

    /// Asks everybody in the round's list but the asker, all at the same time, until each agreed, the deadline is there, or
    /// one of them has seen that the leader's reign is over.
    func consent(to round: FailsafeRound, from leader: FailsafeLeader) async -> FailsafeConsent {
        await withTaskGroup(of: FailsafeReply.self) { group in
            for entry in round.list.others(than: leader.identity) {
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

    private enum FailsafeReply: Sendable {
        case agreed(FailsafeList.Entry)
        case none
        case hasSeen(Reign, by: String)
    }

    private func ask(_ entry: FailsafeList.Entry, _ round: FailsafeRound, _ leader: FailsafeLeader) async
        -> FailsafeReply
    {
        // A Pod without a UID cannot be told from its successor.
        guard let uid = entry.podUID, let url = Self.url(entry.apiURL, "/failsafe") else { return .none }
        let request = HTTPRequest(
            method: .post, url: url, headers: [("content-type", "application/json")],
            body: Array(leader.request(to: entry.name, podUID: uid, round).serialized().utf8))
        while true {
            let left = round.deadline - .now()
            guard left > .zero, !Task.isCancelled else { return .none }
            do {
                let response = try await transport.send(request, deadline: left)
                if response.status == 200 {
                    let isAccepted =
                        String(decoding: response.body, as: UTF8.self) == "Accepted"
                        && response.head.headers[FailsafeResponder.memberHeader] == "\(entry.name)/\(uid)"
                    return isAccepted ? .agreed(entry) : .none
                }
                if let seen = response.head.headers[FailsafeResponder.reignHeader].flatMap({ Reign($0) }),
                    round.reign?.isOver(bySightOf: seen) == true
                {
                    return .hasSeen(seen, by: entry.name)
                }
            } catch {
                // Silent, or its agent is being started again: asked again below.
            }
            // The pace of asking. Cancellation shows above.
            try? await Task.sleep(for: .milliseconds(250))
        }
    }
}

extension PositionReport {
    /// Reads the answer of `/matriarch/position`; nil when it lacks what a candidacy is judged by.
    init?(name: String, json: JSONValue) {
        guard let timeline = json["timeline"]?.int64Value.flatMap({ UInt32(exactly: $0) }),
            let position = json["position"]?.int64Value.flatMap({ UInt64(exactly: $0) })
        else { return nil }
        self.init(
            name: name, isPrimary: json["role"]?.stringValue == "primary", timeline: Timeline(rawValue: timeline),
            position: LSN(rawValue: position), isEligible: json["eligible"]?.boolValue ?? false,
            priority: json["priority"]?.intValue ?? 1, sealedEpoch: json["sealed"]?.int64Value)
    }

    var json: JSONValue {
        [
            "role": isPrimary ? "primary" : "replica", "timeline": .int(Int64(timeline.rawValue)),
            "position": .int(Int64(clamping: position.rawValue)), "eligible": .bool(isEligible),
            "priority": .int(Int64(priority)),
        ]
    }
}
