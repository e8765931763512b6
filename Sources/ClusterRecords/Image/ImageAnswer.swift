/// What an image says of itself before any member runs it, in the termination message of the Pod that asks it.
///
/// An operator of before asks for the version alone and understands nothing else, so the rest is said to who asks for it; and
/// an image of before says the version alone to everybody.
public struct ImageAnswer: Hashable, Sendable {
    /// In the environment of who is asked for all of it; its value is ``everything``.
    public static let question = "MATRIARCH_IMAGE_QUESTION"
    public static let everything = "everything"

    /// Of its PostgreSQL, such as `17.12`.
    public var version: String
    /// Its agent answers the kubelet on a port of its own.
    public var hasProbePort: Bool

    public init(version: String, hasProbePort: Bool) {
        self.version = version
        self.hasProbePort = hasProbePort
    }

    /// - Parameter text: `17.12`, or `17.12 probes`; more words are of later versions.
    /// - Returns: nil for what is no answer.
    public init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let version = words.first, version.wholeMatch(of: /[1-9][0-9]{0,2}\.[0-9]{1,3}/) != nil,
            words.dropFirst().allSatisfy({ $0.wholeMatch(of: /[a-z][a-z-]{0,31}/) != nil })
        else { return nil }
        self.init(version: String(version), hasProbePort: words.dropFirst().contains(Substring(Self.probes)))
    }

    /// What is said to who has asked for ``everything``; everybody else is told the version.
    public var text: String { hasProbePort ? "\(version) \(Self.probes)" : version }

    private static let probes = "probes"
}
