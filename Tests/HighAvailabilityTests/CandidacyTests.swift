import HighAvailability
import Testing
import Units

@Suite struct CandidacyTests {
    private func report(
        _ name: String, position: UInt64 = 1000, timeline: UInt32 = 2, backlog: UInt64? = 0, isPrimary: Bool = false,
        isEligible: Bool = true, priority: Int = 1
    ) -> PositionReport {
        PositionReport(
            name: name, isPrimary: isPrimary, timeline: Timeline(rawValue: timeline), position: LSN(rawValue: position),
            replayed: backlog.map { LSN(rawValue: position - $0) }, isEligible: isEligible, priority: priority)
    }

    private func runs(
        _ me: PositionReport, _ others: [PositionReport], published: UInt64? = nil, request: FailoverRequest? = nil,
        isStandbyCluster: Bool = false
    ) -> Bool {
        let verdict = judgeCandidacy(
            Candidacy(
                me: me, others: others, lastKnownPosition: published.map { LSN(rawValue: $0) },
                recordedTimeline: Timeline(rawValue: 2), maximumLag: ByteCount(rawValue: 100), request: request,
                largestBacklog: ByteCount(rawValue: 50), isStandbyCluster: isStandbyCluster))
        if case .run = verdict { return true }
        return false
    }

    @Test func `the most advanced member runs and no other does`() {
        let ahead = report("demo-1", position: 2000)
        let behind = report("demo-2", position: 1999)
        #expect(runs(ahead, [behind]))
        #expect(!runs(behind, [ahead]))
    }

    @Test func `among members that see each other exactly one runs`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let members = (0..<4).map {
                report(
                    "demo-\($0)", position: UInt64.random(in: 1000...1002, using: &generator),
                    timeline: UInt32.random(in: 2...3, using: &generator),
                    backlog: [nil, 0, 50, 51, 900].randomElement(using: &generator) ?? 0,
                    priority: Int.random(in: 1...2, using: &generator))
            }
            let running = members.indices.filter { index in
                runs(members[index], members.enumerated().filter { $0.offset != index }.map(\.element))
            }
            #expect(running.count == 1, "\(members)")
        }
    }

    @Test func `of those that have the same, one with little to replay goes before name, priority and a wish`() {
        let ready = report("demo-2", backlog: 50)
        for slow in [report("demo-1", backlog: 51), report("demo-3", backlog: 51, priority: 9)] {
            #expect(runs(ready, [slow]) && !runs(slow, [ready]))
            let wish = FailoverRequest(leader: "demo-0", candidate: slow.name)
            #expect(runs(ready, [slow], request: wish) && !runs(slow, [ready], request: wish))
            // In a standby cluster nobody is promoted: name and priority decide.
            #expect(!runs(ready, [slow], isStandbyCluster: true) && runs(slow, [ready], isStandbyCluster: true))
        }
        // How much more does not matter: both are slow, and the bytes shrink while they ask each other.
        #expect(runs(report("demo-1", backlog: 900), [report("demo-2", backlog: 51)]))
        #expect(runs(report("demo-1", backlog: 50), [report("demo-2", backlog: 0)]))
    }

    @Test func `no commit and no timeline is given up for a member that has replayed`() {
        let ready = report("demo-2")
        for ahead in [report("demo-1", position: 1001, backlog: 1000), report("demo-1", timeline: 3, backlog: 1000)] {
            #expect(runs(ahead, [ready]) && !runs(ready, [ahead]))
        }
    }

    @Test func `beside an agent of a former version, which orders without it, replay does not count`() {
        let (old, slow, ready) = (report("demo-3", backlog: nil), report("demo-1", backlog: 900), report("demo-2"))
        #expect(runs(slow, [ready, old]) && !runs(ready, [slow, old]))
        // One that may not lead has no part in the order.
        let idle = report("demo-3", backlog: nil, isEligible: false)
        #expect(!runs(slow, [ready, idle]) && runs(ready, [slow, idle]))
    }

    @Test func `nobody runs while a primary answers`() {
        #expect(!runs(report("demo-1"), [report("demo-0", position: 10, isPrimary: true)]))
    }

    @Test func `an unanswering, ineligible or older member does not stand in the way`() {
        #expect(runs(report("demo-1"), []))
        #expect(runs(report("demo-1"), [report("demo-0", position: 5000, isEligible: false)]))
        #expect(runs(report("demo-1"), [report("demo-0", position: 5000, timeline: 1)]))
    }

    @Test func `too large a lag or too old a timeline forbids to run`() {
        #expect(runs(report("demo-1"), [], published: 1100))
        #expect(!runs(report("demo-1"), [], published: 1101))
        #expect(!runs(report("demo-1", timeline: 1), []))
    }

    @Test func `the heir is the wanted candidate or the best, and a refusal says why`() throws {
        let leader = report("demo-0", position: 2000, isPrimary: true)
        func heir(_ wanted: String?, _ reports: [PositionReport]) -> Result<String, HandOverRefusal> {
            chooseHeir(wanted: wanted, leader: leader, reports: reports, maximumLag: ByteCount(rawValue: 100))
        }
        let near = report("demo-1", position: 1950)
        let nearer = report("demo-2", position: 1990)
        #expect(heir(nil, [near, nearer]) == .success("demo-2"))
        #expect(heir("demo-1", [near, nearer]) == .success("demo-1"))
        func reason(_ result: Result<String, HandOverRefusal>) -> String {
            if case .failure(let refusal) = result { refusal.reason } else { "" }
        }
        #expect(reason(heir("demo-1", [nearer])).contains("cannot be reached"))
        #expect(reason(heir("demo-1", [report("demo-1", position: 100)])).contains("lags by 1900 B"))
        #expect(reason(heir("demo-1", [report("demo-1", timeline: 1)])).contains("timeline 1"))
        #expect(reason(heir(nil, [])).contains("no good candidates"))
    }
}
