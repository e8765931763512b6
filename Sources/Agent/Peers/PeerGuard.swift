import AgentAPI
import ClusterRecords
import Synchronization
import Units

/// Lets members ask what changes or measures, and nobody else.
///
/// A member of a former version, or of Patroni's, can prove nothing. As long as the store shows one, what comes from its address
/// is let in without a proof: otherwise no primary of a former version could hand over to a member that was updated before it.
final class PeerGuard: Sendable {
    /// A challenge and what was asked under it.
    private struct Book {
        let challenge: String
        var nonces: Set<String> = []
    }

    private struct Books {
        var present: Book
        /// Still good for who has not heard of the present one.
        var former: Book?
        var since: BootInstant
    }

    /// How long a challenge is told; it is good for as long again.
    private static let life = Duration.seconds(60)
    /// As many questions under one challenge end it before its time.
    private static let capacity = 4096

    private let keys: MembershipKeys
    /// Whether the store shows a member at this address that cannot prove that it is one.
    private let cannotProve: @Sendable (_ address: String) -> Bool
    private let clock: any AgentClock
    private let books: Mutex<Books>

    init(
        _ keys: MembershipKeys, clock: any AgentClock,
        cannotProve: @escaping @Sendable (_ address: String) -> Bool
    ) {
        self.keys = keys
        self.cannotProve = cannotProve
        self.clock = clock
        books = Mutex(Books(present: Book(challenge: PeerNonce.draw()), since: clock.now))
    }

    /// - Returns: nil when it may be answered; otherwise what is said instead.
    func refusal(of request: StatusRequest) -> StatusResponse? {
        let problem: String
        switch request.proof.flatMap({ MembershipProof($0) }) {
        case let proof?:
            guard let method = request.method.name,
                proof.isMade(of: method, request.target, body: request.body, with: keys.all())
            else {
                problem = "the proof of membership is wrong: the replication password is another one here"
                break
            }
            // Only a genuine question fills the book.
            guard isNew(proof) else {
                problem = "the proof of membership is not of now"
                break
            }
            return nil
        case nil:
            if let address = request.remoteAddress, cannotProve(address) { return nil }
            problem = "only members of the cluster may ask this, and they prove it"
        }
        return StatusResponse(
            status: 403, contentType: "text/plain", body: problem + "\n", headers: [PeerHeader.challenge: challenge])
    }

    /// What the next question is to be made with.
    var challenge: String {
        books.withLock { books in
            turn(&books)
            return books.present.challenge
        }
    }

    private func isNew(_ proof: MembershipProof) -> Bool {
        books.withLock { books in
            turn(&books)
            if proof.challenge == books.present.challenge { return books.present.nonces.insert(proof.nonce).inserted }
            if proof.challenge == books.former?.challenge {
                return books.former?.nonces.insert(proof.nonce).inserted ?? false
            }
            return false
        }
    }

    private func turn(_ books: inout Books) {
        let now = clock.now
        guard now - books.since >= Self.life || books.present.nonces.count >= Self.capacity else { return }
        // A challenge told longer ago than two lives was heard by nobody who still asks.
        books.former = now - books.since < Self.life * 2 ? books.present : nil
        books.present = Book(challenge: PeerNonce.draw())
        books.since = now
    }
}

/// A word nobody can guess.
enum PeerNonce {
    static func draw() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next(), radix: 36) + String(generator.next(), radix: 36)
    }
}
