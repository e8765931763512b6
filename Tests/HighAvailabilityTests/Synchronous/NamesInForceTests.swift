import HighAvailability
import Testing
import Units

/// A session shows a value before it is in force: whether a commit waits at all is up to the checkpointer.
@Suite struct NamesInForceTests {
    private let start = BootInstant(nanoseconds: 1_000_000_000)
    private let end = LSN(rawValue: 5000)

    private func look(_ names: inout NamesInForce, _ text: String, after delay: Int64, server: String = "s") -> Int? {
        names.look(server: server, text: text, flushed: end, at: start + .milliseconds(delay))
    }

    @Test func `standbys are counted from nothing before two checkpoints have ended`() throws {
        var names = NamesInForce(server: "s", text: "", at: start)
        #expect(look(&names, "1 (b)", after: 10) == nil)
        #expect(look(&names, "1 (b)", after: 60) == nil, "the signal may not have arrived")
        let question = try #require(look(&names, "1 (b)", after: 200))
        #expect(look(&names, "1 (b)", after: 60_000) == nil && names.position == nil)
        names.proven(question)
        #expect(look(&names, "1 (b)", after: 60_001) == nil && names.position == end)
        #expect(names.areWaitedFor(on: "s") && !names.areWaitedFor(on: "another"))
    }

    @Test func `an answer that does not come is asked for again`() throws {
        var names = NamesInForce(server: "s", text: "1 (b)", at: start)
        let question = try #require(look(&names, "1 (b)", after: 200))
        names.failed(question, at: start + .milliseconds(300))
        #expect(look(&names, "1 (b)", after: 350) == nil)
        #expect(look(&names, "1 (b)", after: 500) != nil)
    }

    @Test func `between two values that are not empty the flag stays as it is`() throws {
        var names = NamesInForce(server: "s", text: "1 (b)", at: start)
        let question = try #require(look(&names, "1 (b)", after: 200))
        #expect(look(&names, "1 (c)", after: 300) == nil)
        names.proven(question)
        #expect(look(&names, "1 (c)", after: 350) == nil && names.position == nil, "walsenders read it a moment later")
        #expect(look(&names, "1 (c)", after: 450) == nil && names.position == end)
    }

    @Test func `an answer to before the names were empty proves nothing`() throws {
        var names = NamesInForce(server: "s", text: "1 (b)", at: start)
        let question = try #require(look(&names, "1 (b)", after: 200))
        _ = look(&names, "", after: 300)
        _ = look(&names, "1 (b)", after: 400)
        names.proven(question)
        #expect(!names.areWaitedFor(on: "s"))
        #expect(try #require(look(&names, "1 (b)", after: 600)) != question)
    }

    @Test func `another server is asked anew`() throws {
        var names = NamesInForce(server: "s", text: "1 (b)", at: start)
        names.proven(try #require(look(&names, "1 (b)", after: 200)))
        #expect(look(&names, "1 (b)", after: 300, server: "t") == nil)
        #expect(!names.areWaitedFor(on: "t"))
        #expect(look(&names, "1 (b)", after: 500, server: "t") != nil)
    }

    @Test func `nobody is asked where commits wait for nobody`() {
        var names = NamesInForce(server: "s", text: "", at: start)
        #expect(look(&names, "", after: 200) == nil && names.position == end)
    }

    @Test func `a standby is prepared where commits will wait for somebody when it leads`() {
        func prepared(_ members: Set<String>, _ policy: SynchronousPolicy, quorum: Int = 0) -> SynchronousStandbyNames {
            preparedStandbyNames(
                for: "b", record: SynchronousState(leader: "a", members: members, quorum: quorum), policy: policy)
        }
        #expect(prepared(["b"], SynchronousPolicy(mode: .on)) == .none)
        #expect(prepared(["b"], SynchronousPolicy(mode: .on, isStrict: true)) == .blocking)
        #expect(prepared(["b", "c"], SynchronousPolicy(mode: .on, standbys: 2)) == .blocking)
        #expect(prepared(["b", "c"], SynchronousPolicy(mode: .quorum), quorum: 1) == .blocking)
        #expect(prepared(["b", "c"], .off) == .none)
        #expect(preparedStandbyNames(for: "b", record: nil, policy: SynchronousPolicy(mode: .on)) == .none)
    }

    @Test func `who may not know whether commits wait lets nobody else be elected, and in a strict mode does not lead`()
    {
        let takeover = SynchronousTakeover(
            record: SynchronousState(version: "4", leader: "b", members: ["c"]),
            names: SynchronousStandbyNames(.first, 1, of: ["c"]))
        #expect(
            takeover.withoutWaiting(SynchronousPolicy(mode: .on))
                == SynchronousTakeover(record: SynchronousState(version: "4", leader: "b"), names: .none))
        #expect(takeover.withoutWaiting(SynchronousPolicy(mode: .on, isStrict: true)) == nil)
    }
}
