import HighAvailability
import SeededChance
import Testing
import Units

/// Random walks through memberships, lags, settings and crashes, with a crash possible between any two writes.
@Suite struct SynchronousWalkTests {
    @Test(arguments: 0..<8)
    func `no acknowledged commit is lost wherever the primary dies`(part: UInt64) {
        var elections = 0
        for seed in 0..<400 {
            var world = SynchronousWorld(seed: part &* 1_000_003 &+ UInt64(seed))
            for _ in 0..<120 {
                world.step()
                guard world.violation == nil else { break }
            }
            elections += world.elections
            #expect(world.violation == nil, "seed \(part)/\(seed): \(world.trace.suffix(25).joined(separator: "\n"))")
            if world.violation != nil { return }
        }
        #expect(elections > 400, "the walks hardly ever elect")
    }
}

/// A cluster as the invariant sees it: positions, who acknowledges, who may be elected.
struct SynchronousWorld {
    struct Node {
        var timeline = 1
        var position = 0
        var isConnected = false
    }

    private var random: SeededGenerator
    private var nodes: [String: Node] = [:]
    private var leader = "a"
    /// May not lead, and so holds no candidate up.
    private let excluded = "c"
    private var policy: SynchronousPolicy
    private var record: SynchronousState?
    private var names = SynchronousStandbyNames.none
    /// The primary's position when the names came into force.
    private var namesPosition = 0
    private var acknowledged = 0
    /// Where each timeline after the first one began.
    private var switches: [(timeline: Int, position: Int)] = []
    private(set) var elections = 0
    private(set) var violation: String?
    private(set) var trace: [String] = []

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        policy = SynchronousPolicy(mode: .quorum)
        for name in ["a", "b", "c", "d", "e"].prefix(Int.random(in: 2...5, using: &random)) { nodes[name] = Node() }
        nodes["a"]?.isConnected = true
        changePolicy()
    }

    private var standbys: [String] { nodes.keys.filter { $0 != leader }.sorted() }

    /// What a node has of the leader's history.
    private func valid(_ node: Node) -> Int {
        switches.filter { $0.timeline > node.timeline }.map(\.position).min().map { min($0, node.position) }
            ?? node.position
    }

    /// Of the leader's history; a standby streams the old timeline until it has passed the switch.
    private func timeline(at position: Int) -> Int { switches.last { $0.position <= position }?.timeline ?? 1 }

    mutating func step() {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<4: nodes[leader]?.position += Int.random(in: 1...5, using: &random)
        case 4..<8: replicate(standbys.randomElement(using: &random) ?? "")
        case 8..<11: acknowledge(excluding: [])
        case 11..<16: resolve()
        case 16: toggle(standbys.randomElement(using: &random) ?? "")
        case 17: if Int.random(in: 0..<4, using: &random) == 0 { changePolicy() }
        case _: if Int.random(in: 0..<3, using: &random) == 0 { fail() }
        }
        check()
    }

    private mutating func changePolicy() {
        policy = SynchronousPolicy(
            mode: Bool.random(using: &random) ? .on : .quorum, standbys: Int.random(in: 1...3, using: &random),
            isStrict: Bool.random(using: &random))
        note("policy \(policy.mode) \(policy.standbys) strict \(policy.isStrict)")
    }

    private mutating func toggle(_ name: String) {
        guard var node = nodes[name], let primary = nodes[leader] else { return }
        node.isConnected.toggle()
        if node.isConnected {
            // Rewound: what it had beside the leader's history is gone.
            node.position = min(valid(node), primary.position)
            node.timeline = timeline(at: node.position)
        }
        nodes[name] = node
        note("\(name) connected \(node.isConnected)")
    }

    private mutating func replicate(_ name: String) {
        guard var node = nodes[name], node.isConnected, let primary = nodes[leader], node.position < primary.position
        else { return }
        node.position = Int.random(in: node.position...primary.position, using: &random)
        node.timeline = timeline(at: node.position)
        nodes[name] = node
    }

    private mutating func acknowledge(excluding sealed: Set<String>) {
        guard let primary = nodes[leader] else { return }
        let positions = names.standbys.subtracting(sealed).compactMap { nodes[$0] }.filter(\.isConnected)
            .map(\.position).sorted(by: >)
        let confirmed: Int? =
            names.count == 0 ? primary.position : positions.count >= names.count ? positions[names.count - 1] : nil
        if let confirmed, confirmed > acknowledged {
            acknowledged = confirmed
            note("acknowledged \(acknowledged)")
        }
    }

    private mutating func resolve() {
        let connected = standbys.filter { nodes[$0]?.isConnected ?? false }
        let picked = pickSynchronousStandbys(
            connected.map {
                SynchronousCandidate(
                    name: $0, position: LSN(rawValue: UInt64(nodes[$0]?.position ?? 0) + 1))
            }, policy: policy, current: record?.members ?? [])
        let situation = SynchronousSituation(
            me: leader, policy: policy, record: record, names: names, picked: picked, fit: Set(connected),
            confirmed: Set(connected.filter { nodes[$0]?.position ?? 0 >= namesPosition }))
        guard let step = resolveSynchronous(situation) else { return }
        note("step \(step)")
        switch step {
        case .record(let members, let quorum):
            record = SynchronousState(leader: leader, members: members, quorum: quorum)
        case .clearRecord:
            record = nil
        case .names(let value):
            names = value
            namesPosition = nodes[leader]?.position ?? 0
        }
    }

    /// The invariant itself, independent of the rules that are to keep it.
    private mutating func check() {
        guard violation == nil, let record else { return }
        let lacking = record.members.filter { (nodes[$0].map(valid) ?? 0) < acknowledged }
        if record.canElect, lacking.count > record.quorum {
            fail("\(lacking.sorted()) lack \(acknowledged) and could be elected by \(record)")
        }
        if record.leader == leader, !meets(record, names) { fail("\(record) does not meet \(names)") }
    }

    /// The leader is lost, perhaps only to the store: it may go on while the others vote.
    private mutating func fail() {
        guard let record else { return }
        let candidate = (standbys + [leader]).randomElement(using: &random) ?? leader
        let answering = standbys.filter { $0 != candidate && Int.random(in: 0..<4, using: &random) > 0 }
        let election = SynchronousElection(mode: policy.mode, record: record, epoch: 1)
        // Not everyone who tells its position promises as well: a few still see the lock held.
        let promising = answering.filter { _ in Int.random(in: 0..<5, using: &random) > 0 }
        let sealed = election.needsSeals(candidate) ? Set(promising + [candidate]) : []
        let reports = (answering + [candidate]).map { report($0, sealed: sealed) }
        guard let me = reports.last else { return }
        zombie(without: sealed)
        let recorded = switches.last.map { Timeline(rawValue: UInt32($0.timeline)) }
        let verdict = judgeCandidacy(
            Candidacy(
                me: me, others: Array(reports.dropLast()), lastKnownPosition: nil, recordedTimeline: recorded,
                maximumLag: ByteCount(rawValue: 0), synchronous: election))
        guard case .run = verdict, var winner = nodes[candidate] else { return }
        elections += 1
        note("\(candidate) wins over \(leader), heard \(answering), sealed \(sealed.sorted())")
        if valid(winner) < acknowledged {
            fail("\(candidate) lacks acknowledged commits up to \(acknowledged)")
        }
        guard let start = takeOverSynchronous(record, by: candidate, policy: policy) else { return }
        let before = acknowledged
        if candidate != leader {
            zombie(without: sealed.union([candidate]))
            if acknowledged > max(before, winner.position) {
                fail("the old leader acknowledged \(acknowledged) after the promotion at \(winner.position)")
            }
        }
        let timeline = (switches.last?.timeline ?? 1) + 1
        switches.append((timeline, winner.position))
        winner.timeline = timeline
        nodes[candidate] = winner
        leader = candidate
        for name in nodes.keys { nodes[name]?.isConnected = name == candidate }
        self.record = start.record
        names = start.names
        namesPosition = winner.position
    }

    private mutating func zombie(without unreachable: Set<String>) {
        guard Bool.random(using: &random) else { return }
        nodes[leader]?.position += Int.random(in: 1...5, using: &random)
        for name in standbys where !unreachable.contains(name) { replicate(name) }
        acknowledge(excluding: unreachable)
    }

    private func report(_ name: String, sealed: Set<String>) -> PositionReport {
        let node = nodes[name] ?? Node()
        return PositionReport(
            name: name, isPrimary: false, timeline: Timeline(rawValue: UInt32(node.timeline)),
            position: LSN(rawValue: UInt64(node.position) + 1), isEligible: name != excluded,
            sealedEpoch: sealed.contains(name) ? 1 : nil)
    }

    private mutating func note(_ text: String) {
        let state = nodes.sorted { $0.key < $1.key }.map {
            "\($0.key)\($0.value.isConnected ? "" : "-")\($0.value.position)"
        }
        trace.append(
            "\(text) | \(leader) \(state.joined(separator: " ")) | \(record?.members.sorted().joined() ?? "-")/"
                + "\(record?.quorum ?? 0) \(names)")
    }

    private mutating func fail(_ text: String) {
        if violation == nil { violation = text }
        note("VIOLATION: \(text)")
    }
}
