import ClusterRecords
import KubernetesModels
import PostgresConfiguration
import ServerControl
import Testing
import Units

@testable import AgentShell

@Suite struct RoleKeepingTests {
    private let start = BootInstant(nanoseconds: 1_000_000_000_000)
    private let alice = DeclaredRole(name: "alice", password: .secret(name: "alice", key: "password"))
    private let group = DeclaredRole(name: "group", attributes: RoleAttributes(mayLogIn: false))

    private func secret(_ password: String, version: String = "1") -> RoleKeeping.SecretState {
        .present(
            Secret(
                metadata: ObjectMeta(name: "alice", resourceVersion: version),
                data: ["username": Secret.encoded("alice"), "password": Secret.encoded(password)]))
    }

    private func keeping(_ roles: DeclaredRole...) -> RoleKeeping {
        var keeping = RoleKeeping()
        keeping.take(roles, revision: "r1", at: start)
        return keeping
    }

    @Test func `a pass is due with a list, with a Secret that is another one, and every half minute`() {
        var keeping = keeping(alice, group)
        #expect(keeping.isPassDue(at: start))
        _ = keeping.note([:], of: keeping.wishes, at: start, time: "t")
        #expect(!keeping.isPassDue(at: start + .seconds(29)) && keeping.isPassDue(at: start + .seconds(30)))
        keeping.note(secret("x"), of: "alice", at: start + .seconds(1))
        #expect(keeping.isPassDue(at: start + .seconds(1)))
        _ = keeping.note([:], of: keeping.wishes, at: start + .seconds(1), time: "t")
        // As it was, and nothing known of it.
        for state in [secret("x"), nil] {
            keeping.note(state, of: "alice", at: start + .seconds(9))
            #expect(!keeping.isPassDue(at: start + .seconds(9)))
        }
        keeping.noteFailure(at: start + .seconds(10))
        #expect(!keeping.isPassDue(at: start + .seconds(19)) && keeping.isPassDue(at: start + .seconds(20)))
        keeping.take([], revision: "r2", at: start + .seconds(20))
        #expect(!keeping.isPassDue(at: start + .seconds(3600)) && keeping.report() == nil)
    }

    @Test func `each Secret is looked at every eight seconds, and a thousand of them one after the other`() {
        var keeping = RoleKeeping()
        let names = (0..<1000).map { "s-\($0)" }
        keeping.take(
            names.map { DeclaredRole(name: $0, password: .secret(name: $0, key: "k")) }, revision: "r", at: start)
        #expect(Set(keeping.dueSecrets(at: start).map(\.name)) == Set(names))
        for name in names { keeping.note(.missing, of: name, at: start) }
        #expect(keeping.dueSecrets(at: start).isEmpty)
        var seen: [String: Int] = [:]
        // Seconds 1 to 24.
        for second in 1...24 {
            let now = start + .seconds(second)
            let due = keeping.dueSecrets(at: now)
            #expect(due.count <= 126)
            for (name, _) in due {
                seen[name, default: 0] += 1
                keeping.note(nil, of: name, at: now)
            }
        }
        #expect(seen.count == 1000 && seen.values.allSatisfy { (2...3).contains($0) })
        // A list that names it still keeps what is known of it; one that names it no more forgets it.
        keeping.note(secret("x", version: "7"), of: "s-1", at: start)
        keeping.take(
            [DeclaredRole(name: "a", password: .secret(name: "s-1", key: "k"))], revision: "q",
            at: start + .seconds(60))
        let due = keeping.dueSecrets(at: start + .seconds(60))
        #expect(due.map(\.name) == ["s-1"] && due[0].version == "7")
    }

    @Test func `a role gets what its Secret holds, and keeps its password while that is of no use`() {
        var keeping = keeping(alice)
        func password() -> RoleWish.Password { keeping.wishes[0].password }
        #expect(password() == .unusable(reason: "Secret alice: is not read yet"))
        for (state, expected) in [
            (secret("sesame"), RoleWish.Password.known(RolePasswordText("sesame"))),
            (secret(""), .unusable(reason: "Secret alice: password is empty")),
            (.missing, .unusable(reason: "Secret alice: does not exist")),
            (.unreadable(reason: "x"), .unusable(reason: "Secret alice: x")),
        ] {
            keeping.note(state, of: "alice", at: start)
            #expect(password() == expected)
        }
        #expect(!"\(RoleWish(alice, password: .known(RolePasswordText("sesame"))))".contains("sesame"))
        var gone = alice
        gone.isAbsent = true
        #expect(self.keeping(gone).dueSecrets(at: start).isEmpty && self.keeping(gone).wishes[0].password == .kept)
        var without = group
        without.password = .disabled
        #expect(self.keeping(without, group).wishes.map(\.password) == [.removed, .kept])
    }

    @Test func `what differs though nothing was changed here is somebody else's doing, and told`() {
        var keeping = keeping(group)
        func note(_ outcome: RoleOutcome, _ seconds: Int) -> RoleKeeping.News {
            keeping.note(["group": outcome], of: keeping.wishes, at: start + .seconds(seconds), time: "t\(seconds)")
        }
        #expect(note(RoleOutcome(mended: ["missing"]), 0) == .init(carriedOut: ["group"]))
        #expect(keeping.report() == RolesReport(revision: "r1", declared: 1, ready: 1))
        #expect(note(RoleOutcome(), 30) == .init())
        #expect(note(RoleOutcome(mended: ["LOGIN"]), 60) == .init(repaired: ["group: LOGIN"]))
        let repair = RolesReport.Repair(time: "t60", count: 1, roles: ["group: LOGIN"])
        #expect(keeping.report()?.repair == repair)
        #expect(note(RoleOutcome(), 90) == .init())
        #expect(keeping.report()?.repair == repair)
        // Another list is no repair.
        var other = group
        other.connectionLimit = 3
        keeping.take([other], revision: "r2", at: start + .seconds(100))
        #expect(note(RoleOutcome(mended: ["connection limit"]), 100) == .init(carriedOut: ["group"]))
        #expect(keeping.report()?.repair == repair)
    }

    @Test func `a failing role is told once, again for another reason, and once that it is well`() {
        var keeping = keeping(group, alice)
        func note(_ failure: String?, _ seconds: Int) -> RoleKeeping.News {
            keeping.note(
                ["group": RoleOutcome(failure: failure), "alice": RoleOutcome()], of: keeping.wishes,
                at: start + .seconds(seconds), time: "t")
        }
        #expect(note("x", 0).failing == ["group: x"])
        #expect(
            keeping.report()
                == RolesReport(
                    revision: "r1", declared: 2, ready: 1, failing: [.init(role: "group", reason: "x")]))
        // Looked at again sooner than a sound one.
        #expect(keeping.isPassDue(at: start + .seconds(10)))
        #expect(note("x", 10) == .init())
        #expect(note("y", 20).failing == ["group: y"])
        #expect(note(nil, 30) == .init(mended: ["group"]))
        #expect(keeping.report()?.failing == [])
        #expect(keeping.report(problem: "no session")?.problem == "no session")
    }

    @Test func `what was not reached is as it was known to be`() {
        var keeping = keeping(group, alice)
        _ = keeping.note(["group": RoleOutcome()], of: keeping.wishes, at: start, time: "t")
        #expect(keeping.report() == RolesReport(revision: "r1", declared: 2, ready: 1))
    }
}
