public import HighAvailability

/// The query of `POST /matriarch/seal`: `epoch=8&lock=41`.
extension Seal {
    /// - Returns: nil when one is missing, or the epoch is none a candidate can lead.
    public init?(query: [String: String]) {
        guard let epoch = query["epoch"].flatMap({ Int64($0) }), epoch > 0, let version = query["lock"] else {
            return nil
        }
        self.init(epoch: epoch, lockVersion: version)
    }

    /// nil for a version that would have to be escaped: it is opaque, and the vote goes on without it.
    public var query: String? {
        guard lockVersion.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else { return nil }
        return "epoch=\(epoch)&lock=\(lockVersion)"
    }
}
