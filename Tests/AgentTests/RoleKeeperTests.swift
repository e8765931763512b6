import ClusterRecords
import ClusterStore
import KubernetesModels
import Logging
import PostgresConfiguration
import ServerControl
import Synchronization
import TestSupport
import Testing
import Units

@testable import AgentShell

/// What the keeper of roles asks for, and what it says, with the lock, the store and the server in the test's hand.
@Suite struct RoleKeeperTests {
    private struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private final class Declarations: RoleDeclarations {
        let text = Mutex<Result<String?, Refused>>(.success(nil))
        let reads = Mutex(0)

        func text(within limit: Duration) async throws -> String? {
            reads.withLock { $0 += 1 }
            return try text.withLock { $0 }.get()
        }

        func version(ofSecret name: String, within limit: Duration) async throws -> String? { nil }
        func secret(_ name: String, within limit: Duration) async throws -> Secret? { nil }
    }

    private final class Server: RoleServer {
        /// What a pass comes to; nil: it waits until it is cancelled.
        let answer = Mutex<Result<[String: RoleOutcome], Refused>?>(.success([:]))
        let wishes = Mutex<[[RoleWish]]>([])
        let before = Mutex<(@Sendable () -> Void)?>(nil)

        func keepRoles(
            _ wishes: [RoleWish], while mayGoOn: @Sendable () -> Bool, deadline: Duration
        ) async throws -> [String: RoleOutcome] {
            self.wishes.withLock { $0.append(wishes) }
            before.withLock { $0 }?()
            guard let answer = answer.withLock({ $0 }) else {
                try await Task.sleep(for: .seconds(60))
                throw Refused(description: "nobody has cancelled it")
            }
            return try answer.get()
        }
    }

    private struct Fixture {
        let declarations = Declarations()
        let server = Server()
        let state = AgentState()
        let clock = ManualClock(BootInstant(nanoseconds: 1_000_000_000_000))
        let revision = Revision()
        let keeper: RoleKeeper

        final class Revision: Sendable {
            let text = Mutex<String?>(nil)
        }

        init(_ roles: DeclaredRole...) {
            state.update { $0.isPrimary = true }
            keeper = RoleKeeper(
                declarations, server: server, state: state, holdsLock: { true },
                revision: { [revision] in revision.text.withLock { $0 } }, tell: {}, clock: clock,
                logger: Logger(label: "roles") { _ in SwiftLogNoOpLogHandler() })
            declare(roles)
        }

        func declare(_ roles: [DeclaredRole]) {
            let text = DeclaredRoles(roles).text
            declarations.text.withLock { $0 = .success(text) }
            revision.text.withLock { $0 = DeclaredRoles.revision(of: text) }
        }

        /// As the keeper does, once a second.
        func turns(_ count: Int) async {
            for _ in 0..<count {
                await keeper.turn()
                clock.advance(by: .seconds(1))
            }
        }

        var report: RolesReport? { state.read().roles }
        var passes: Int { server.wishes.withLock { $0.count } }
    }

    private static let alice = DeclaredRole(name: "alice")
    private static let sound = Result<[String: RoleOutcome], Refused>.success(["alice": RoleOutcome()])
    private static let refused = Result<[String: RoleOutcome], Refused>.failure(Refused(description: "no session"))

    @Test func `one pass in vain is not told, a second one is, and so is the end of it`() async {
        let fixture = Fixture(Self.alice)
        fixture.server.answer.withLock { $0 = Self.sound }
        await fixture.turns(1)
        #expect(fixture.report?.ready == 1)
        fixture.server.answer.withLock { $0 = Self.refused }
        await fixture.turns(35)
        #expect(fixture.passes == 2 && fixture.report?.problem == nil && fixture.report?.ready == 1)
        await fixture.turns(10)
        #expect(fixture.passes == 3 && fixture.report?.problem == "no session")
        fixture.server.answer.withLock { $0 = Self.sound }
        await fixture.turns(10)
        #expect(fixture.passes == 4 && fixture.report?.problem == nil && fixture.report?.ready == 1)
    }

    @Test func `a server that is started anew on purpose is asked afterwards, and a pass it ended says nothing`() async
    {
        let fixture = Fixture(Self.alice)
        fixture.server.answer.withLock { $0 = Self.sound }
        await fixture.turns(1)
        // The restart begins while a pass is under way.
        fixture.server.answer.withLock { $0 = Self.refused }
        fixture.server.before.withLock { before in
            before = { [state = fixture.state] in state.update { $0.isOccupied = true } }
        }
        await fixture.turns(120)
        #expect(fixture.passes == 2 && fixture.report?.problem == nil)
        fixture.state.update { $0.isOccupied = false }
        fixture.server.before.withLock { $0 = nil }
        fixture.server.answer.withLock { $0 = Self.sound }
        await fixture.turns(1)
        #expect(fixture.passes == 3 && fixture.report?.problem == nil && fixture.report?.ready == 1)
    }

    @Test func `a pass that is cancelled is no problem`() async throws {
        let fixture = Fixture(Self.alice)
        fixture.server.answer.withLock { $0 = Self.refused }
        await fixture.turns(1)
        fixture.clock.advance(by: .seconds(30))
        fixture.server.answer.withLock { $0 = nil }
        let turn = Task { [keeper = fixture.keeper] in await keeper.turn() }
        try await eventually("the pass is under way") { fixture.passes == 2 }
        turn.cancel()
        await turn.value
        #expect(fixture.report == nil)
    }

    @Test
    func
        `a list that cannot be read is asked for every ten seconds, told after the second time, and another one at once`()
        async
    {
        let fixture = Fixture(Self.alice)
        fixture.server.answer.withLock { $0 = Self.sound }
        await fixture.turns(1)
        let former = fixture.revision.text.withLock { $0 }
        fixture.declarations.reads.withLock { $0 = 0 }
        fixture.revision.text.withLock { $0 = "another" }
        await fixture.turns(10)
        #expect(fixture.declarations.reads.withLock { $0 } == 1 && fixture.report?.problem == nil)
        await fixture.turns(10)
        #expect(fixture.declarations.reads.withLock { $0 } == 2)
        #expect(fixture.report?.problem == "the ConfigMap with the declared roles is not what the operator wrote")
        #expect(fixture.report?.revision == "another" && fixture.report?.ready == 1)
        // The former one is in force again: what was wrong with the other is over.
        fixture.revision.text.withLock { $0 = former }
        await fixture.turns(1)
        #expect(fixture.report?.problem == nil && fixture.report?.revision == former)

        fixture.revision.text.withLock { $0 = "third" }
        await fixture.turns(1)
        #expect(fixture.declarations.reads.withLock { $0 } == 3)
        fixture.declare([DeclaredRole(name: "bob")])
        await fixture.turns(1)
        #expect(fixture.declarations.reads.withLock { $0 } == 4)
        #expect(fixture.server.wishes.withLock { $0.last?.map(\.role.name) } == ["bob"])
    }

    @Test func `with the office all that is known ends`() async {
        let fixture = Fixture(Self.alice)
        fixture.server.answer.withLock { $0 = Self.sound }
        await fixture.turns(1)
        fixture.state.update { $0.isPrimary = false }
        await fixture.turns(1)
        #expect(fixture.report == nil)
        fixture.state.update { $0.isPrimary = true }
        await fixture.turns(1)
        #expect(fixture.declarations.reads.withLock { $0 } == 2 && fixture.passes == 2)
    }
}
