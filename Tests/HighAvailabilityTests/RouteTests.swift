import HighAvailability
import Testing

@Suite struct RouteTests {
    private static let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n")
    private static let other = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "m")

    private static func reign(_ holder: HolderIdentity = me, epoch: Int64 = 4, object: String = "o") throws -> Reign {
        try #require(
            Reign(
                LockRecord(version: "a", leader: holder.member, identity: holder, epoch: epoch, objectUID: object)))
    }

    private static func found(_ reign: Reign?, isAsWanted: Bool = false) -> FoundRoute {
        FoundRoute(version: "17", reign: reign, isAsWanted: isAsWanted)
    }

    @Test func `a leader writes over what went before, and never over a later reign`() throws {
        let later = try Self.reign(Self.other, epoch: 5)
        let twin = try Self.reign(Self.other)
        let elsewhere = try Self.reign(Self.other, epoch: 1, object: "p")
        let table: [(String, FoundRoute?, Bool, RouteStep)] = [
            ("there is none", nil, false, .write(over: nil)),
            ("its own, as it should be", Self.found(try Self.reign(), isAsWanted: true), false, .rest),
            ("its own, changed by somebody", Self.found(try Self.reign()), false, .write(over: "17")),
            ("of the reign before", Self.found(try Self.reign(Self.other, epoch: 3)), false, .write(over: "17")),
            (
                "of the reign before, leading here", Self.found(try Self.reign(epoch: 3), isAsWanted: true), false,
                .write(over: "17")
            ),
            ("without a reign", Self.found(nil, isAsWanted: true), false, .write(over: "17")),
            ("of the next reign", Self.found(later), false, .yield(to: later)),
            ("of the next reign, leading here", Self.found(later, isAsWanted: true), true, .yield(to: later)),
            ("of another holder in this epoch", Self.found(twin), true, .yield(to: twin)),
            ("of another lock object", Self.found(elsewhere), false, .readLock),
            ("of another lock object, and the lock was read", Self.found(elsewhere), true, .write(over: "17")),
        ]
        for (what, found, isLockRead, step) in table {
            #expect(judgeRoute(found, under: try Self.reign(), isLockRead: isLockRead) == step, "\(what)")
        }
    }

    /// However late each write comes: two leaders of one lock object, each writing what the rule says of what it saw.
    @Test func `whatever the order of reads and writes, the later reign's route is the one that stays`() throws {
        let reigns = [try Self.reign(epoch: 4), try Self.reign(Self.other, epoch: 5)]
        // Each leader reads and then writes over what it read, twice; every interleaving of the eight steps.
        for order in 0..<256 where order.nonzeroBitCount == 4 {
            var stored: (version: Int, reign: Reign)?
            var seen: [FoundRoute??] = [nil, nil]
            for step in 0..<8 {
                let leader = order >> step & 1
                guard let sight = seen[leader] else {
                    let isAsWanted = stored?.reign == reigns[leader]
                    seen[leader] = .some(
                        stored.map { FoundRoute(version: "\($0.version)", reign: $0.reign, isAsWanted: isAsWanted) })
                    continue
                }
                seen[leader] = nil
                if case .write(let version) = judgeRoute(sight, under: reigns[leader], isLockRead: false),
                    version == stored.map({ "\($0.version)" })
                {
                    if let stored { #expect(stored.reign.epoch <= reigns[leader].epoch, "order \(order)") }
                    stored = ((stored?.version ?? 0) + 1, reigns[leader])
                }
            }
            // A last look of the later one.
            let last = stored.map { FoundRoute(version: "\($0.version)", reign: $0.reign, isAsWanted: false) }
            guard case .write = judgeRoute(last, under: reigns[1], isLockRead: false) else {
                Issue.record("order \(order): the later leader does not get its route")
                continue
            }
        }
    }
}
