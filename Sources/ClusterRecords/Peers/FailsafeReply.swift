public import HighAvailability
public import Units

/// What a member answers to a ``FailsafeMessage``: code, body and headers.
public struct FailsafeReply: Hashable, Sendable {
    public enum Answer: Hashable, Sendable {
        /// 200 `Accepted`: this very Pod promises. `position`: what it has; nil when it does not know.
        case accepted(member: String, podUID: String, position: LSN?)
        /// 502: the mode is off.
        case off
        /// 500: it runs as a leader itself.
        case runningAsLeader
        /// 409, with the reason in the body.
        case refused(String)
    }

    public var answer: Answer
    /// What the member has seen in the lock; an acceptance does not tell.
    public var reign: Reign?

    private static let accepted = "Accepted"

    public init(_ answer: Answer, reign: Reign? = nil) {
        self.answer = answer
        self.reign = reign
    }

    /// - Parameter header: the value of a header of this name.
    /// - Returns: nil for a 200 that promises nothing.
    public init?(status: Int, body: String, header: (String) -> String?) {
        switch status {
        case 200:
            guard body == Self.accepted,
                let pod = header(PeerHeader.member)?.split(separator: "/", maxSplits: 1), pod.count == 2
            else { return nil }
            let position = header(PeerHeader.position).flatMap { UInt64($0) }.map { LSN(rawValue: $0) }
            answer = .accepted(member: String(pod[0]), podUID: String(pod[1]), position: position)
            reign = nil
            return
        case 500: answer = .runningAsLeader
        case 502: answer = .off
        case _: answer = .refused(body.hasSuffix("\n") ? String(body.dropLast()) : body)
        }
        reign = header(PeerHeader.reign).flatMap { Reign($0) }
    }

    public var status: Int {
        switch answer {
        case .accepted: 200
        case .off: 502
        case .runningAsLeader: 500
        case .refused: 409
        }
    }

    public var body: String {
        switch answer {
        case .accepted: Self.accepted
        case .off: ""
        case .runningAsLeader: "Running as a leader"
        case .refused(let reason): reason + "\n"
        }
    }

    public var headers: [String: String] {
        guard case .accepted(let member, let podUID, let position) = answer else {
            return reign.map { [PeerHeader.reign: $0.description] } ?? [:]
        }
        var headers = [PeerHeader.member: "\(member)/\(podUID)"]
        if let position { headers[PeerHeader.position] = "\(position.rawValue)" }
        return headers
    }
}
