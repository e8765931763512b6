import Fence
import Glibc
import Logging
import ServerControl

extension PostgresInstance {
    /// What is said of a volume that is not ours yet.
    static let volumeTaken = "another container still works on its volume"

    /// Takes the volume for this container alone.
    ///
    /// A server that runs and is seen from here is no other container's; that is how an init which died alone, on a machine
    /// that is no container, is followed by the next.
    ///
    /// - Returns: whether it is ours; while another container works on it nothing on it may be read for good, or changed.
    public func claimVolume() -> Bool {
        guard let volume else { return true }
        switch volume.claim() {
        case .held: return true
        case .heldByAnother: return adopt() != nil
        case .unsupported(let code):
            if !hasSaidUnlocked {
                hasSaidUnlocked = true
                logger.warning(
                    "the volume's file system has no locks: nothing keeps another container off it",
                    metadata: ["error": "\(String(cString: strerror(code)))"])
            }
            return true
        }
    }

    /// - Throws: ``InstanceError`` `.refused` while another container works on the volume.
    func requireVolume() throws(InstanceError) {
        guard claimVolume() else { throw InstanceError(.refused, Self.volumeTaken) }
    }
}
