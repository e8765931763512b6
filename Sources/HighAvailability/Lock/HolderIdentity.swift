/// Who holds the lock, so exactly that no twin of the same name can pass for it (G4).
public struct HolderIdentity: Codable, Hashable, Sendable {
    /// Pod name.
    public let member: String
    /// UID of the Pod: another one for every Pod that ever carried the name.
    public let podUID: String
    /// Drawn when the agent started: another one for every life of the agent.
    public let nonce: String

    public init(member: String, podUID: String, nonce: String) {
        self.member = member
        self.podUID = podUID
        self.nonce = nonce
    }

    /// The same Pod, whatever became of the agent that ran in it.
    public func isSamePod(as other: HolderIdentity) -> Bool {
        member == other.member && podUID == other.podUID
    }
}
