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

        /// How the store answers for a Secret; one that is not here does not exist.
        let secrets = Mutex<[String: Answer]>([:])
        /// Which were asked for: their versions, and themselves.
        let versionReads = Mutex<[String]>([])
        let secretReads = Mutex<[String]>([])
        /// What each answer takes.
        let wait = Mutex<(@Sendable () -> Void)?>(nil)

        func version(ofSecret name: String, within limit: Duration) async throws -> String? {
            versionReads.withLock { $0.append(name) }
            return try answer(name)?.metadata.resourceVersion
        }

        func secret(_ name: String, within limit: Duration) async throws -> Secret? {
            secretReads.withLock { $0.append(name) }
            return try answer(name)
        }

        private func answer(_ name: String) throws -> Secret? {
            wait.withLock { $0 }?()
            switch secrets.withLock({ $0[name] }) {
            case nil: return nil
            case .present(let secret): return secret
            case .failing(let failure): throw failure
            }
        }
    }

    private enum Answer {
        case present(Secret)
        case failing(StoreAnswer)
    }

    private struct StoreAnswer: StoreFailure {
        var isForbidden = false
        let isConflict = false
        let isNotFound = false
        let isAlreadyExists = false
        let isRetryable = true
        let isOutcomeUnknown = false
        let retryAfter: Duration? = nil
    }

    private final class Server: RoleServer {
        /// What a pass comes to; nil: it waits until it is cancelled.
        let answer = Mutex<Result<[String: RoleOutcome], any Error>?>(.success([:]))
        let resting = Mutex<[[RoleWish]]>([])
        let wishes = Mutex<[[RoleWish]]>([])
        let before = Mutex<(@Sendable () -> Void)?>(nil)

        func keepRoles(
            _ wishes: [RoleWish], resting: [RoleWish], while mayGoOn: @Sendable () -> Bool, deadline: Duration
        ) async throws -> [String: RoleOutcome] {
            self.wishes.withLock { $0.append(wishes) }
            self.resting.withLock { $0.append(resting) }
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
    private static let sound = Result<[String: RoleOutcome], any Error>.success(["alice": RoleOutcome()])
    private static let refused = Result<[String: RoleOutcome], any Error>.failure(Refused(description: "no session"))

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

    @Test func `whoever keeps passwords is told of a list that has become empty, once, and of what rests`() async {
        let fixture = Fixture(Self.alice, DeclaredRole(name: "bob"))
        fixture.server.answer.withLock {
            $0 = .success(["alice": RoleOutcome(), "bob": RoleOutcome(failure: "x")])
        }
        // Tried at 0, 10 and 30; at 60 it rests.
        await fixture.turns(61)
        #expect(fixture.server.resting.withLock { $0.last?.map(\.role.name) } == ["bob"])
        fixture.declare([])
        let before = fixture.passes
        await fixture.turns(100)
        #expect(fixture.passes == before + 1 && fixture.report == nil)
        #expect(fixture.server.wishes.withLock { $0.last } == [] && fixture.server.resting.withLock { $0.last } == [])
    }

    @Test func `what a pass did before it broke off is told, though that it broke off is not`() async {
        let fixture = Fixture(Self.alice)
        fixture.server.answer.withLock {
            $0 = .failure(
                BrokenRolePass(mended: ["alice": RoleOutcome(mended: ["NOSUPERUSER"])], reason: "no session"))
        }
        await fixture.turns(1)
        #expect(fixture.report?.adoption?.roles == ["alice: NOSUPERUSER"])
        #expect(fixture.report?.problem == nil && fixture.report?.ready == 0)
    }

    private static func secret(_ password: String, version: String) -> Answer {
        .present(
            Secret(
                metadata: ObjectMeta(name: "s", resourceVersion: version), data: ["key": Secret.encoded(password)]))
    }

    private static func withSecret(_ name: String) -> DeclaredRole {
        DeclaredRole(name: "role-\(name)", password: .secret(name: name, key: "key"))
    }

    @Test func `a Secret's contents are read when its version is another one, and hold while nobody answers`() async {
        let fixture = Fixture(Self.withSecret("s"))
        let declarations = fixture.declarations
        func password() -> RoleWish.Password? { fixture.server.wishes.withLock { $0.last?.first?.password } }
        func set(_ answer: Answer?) { declarations.secrets.withLock { $0["s"] = answer } }
        set(Self.secret("first", version: "1"))
        await fixture.turns(40)
        #expect(password() == .known(RolePasswordText("first")))
        #expect(declarations.secretReads.withLock { $0.count } == 1)
        #expect((3...5).contains(declarations.versionReads.withLock { $0.count }))
        set(Self.secret("second", version: "2"))
        await fixture.turns(10)
        #expect(password() == .known(RolePasswordText("second")))
        #expect(declarations.secretReads.withLock { $0.count } == 2)
        set(.failing(StoreAnswer()))
        await fixture.turns(40)
        #expect(password() == .known(RolePasswordText("second")))
        for (answer, reason) in [
            (nil, "Secret s: does not exist"),
            (
                .failing(StoreAnswer(isForbidden: true)),
                "Secret s: is not there, or its label matriarch.dev/role-passwords does not name this cluster"
            ), (.failing(StoreAnswer()), "Secret s: cannot be read; the agent's log says why"),
        ] as [(Answer?, String)] {
            set(answer)
            await fixture.turns(40)
            #expect(password() == .unusable(reason: reason))
        }
    }

    @Test func `an API server that does not answer, or not soon, keeps nobody from comparing the server`() async {
        let names = (0..<40).map { "s-\($0)" }
        let fixture = Fixture()
        fixture.declare(names.map(Self.withSecret))
        let declarations = fixture.declarations
        declarations.secrets.withLock { secrets in
            for name in names { secrets[name] = .failing(StoreAnswer()) }
        }
        await fixture.turns(1)
        #expect(declarations.secretReads.withLock { $0.count } <= 8 && fixture.passes == 1)
        // Those that were not asked are next.
        await fixture.turns(10)
        #expect(Set(declarations.secretReads.withLock { $0 }).count >= 20)

        declarations.secrets.withLock { secrets in
            for name in names { secrets[name] = Self.secret("x", version: "1") }
        }
        declarations.secretReads.withLock { $0 = [] }
        declarations.wait.withLock { $0 = { [clock = fixture.clock] in clock.advance(by: .seconds(2)) } }
        let before = fixture.passes
        await fixture.turns(1)
        #expect(declarations.secretReads.withLock { $0.count } <= 12 && fixture.passes == before + 1)
        // Also when all are due again each time.
        for _ in 0..<15 {
            await fixture.turns(1)
            fixture.clock.advance(by: .seconds(20))
        }
        #expect(Set(declarations.secretReads.withLock { $0 }) == Set(names))
    }
}
