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
        _ = keeping.note([:], of: keeping.wishes(at: start), at: start, time: "t")
        #expect(!keeping.isPassDue(at: start + .seconds(29)) && keeping.isPassDue(at: start + .seconds(30)))
        keeping.note(secret("x"), of: "alice", at: start + .seconds(1))
        #expect(keeping.isPassDue(at: start + .seconds(1)))
        _ = keeping.note([:], of: keeping.wishes(at: start), at: start + .seconds(1), time: "t")
        // As it was, and nothing known of it.
        for state in [secret("x"), nil] {
            keeping.note(state, of: "alice", at: start + .seconds(9))
            #expect(!keeping.isPassDue(at: start + .seconds(9)))
        }
        _ = keeping.noteFailure("x", at: start + .seconds(10))
        #expect(!keeping.isPassDue(at: start + .seconds(19)) && keeping.isPassDue(at: start + .seconds(20)))
        keeping.take([], revision: "r2", at: start + .seconds(20))
        // Once, for whoever keeps passwords of the former one.
        #expect(keeping.isPassDue(at: start + .seconds(20)) && keeping.wishes(at: start).isEmpty)
        _ = keeping.note([:], of: [], at: start + .seconds(20), time: "t")
        #expect(!keeping.isPassDue(at: start + .seconds(3600)) && keeping.report == nil)
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
        func password() -> RoleWish.Password { keeping.wishes(at: start)[0].password }
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
        #expect(
            self.keeping(gone).dueSecrets(at: start).isEmpty
                && self.keeping(gone).wishes(at: start)[0].password == .kept)
        var without = group
        without.password = .disabled
        #expect(self.keeping(without, group).wishes(at: start).map(\.password) == [.removed, .kept])
    }

    @Test func `what differs though nothing was changed here is somebody else's doing, and told`() {
        var keeping = keeping(group)
        func note(_ outcome: RoleOutcome, _ seconds: Int) -> RoleKeeping.News {
            let now = start + .seconds(seconds)
            return keeping.note(["group": outcome], of: keeping.wishes(at: now), at: now, time: "t\(seconds)")
        }
        #expect(note(RoleOutcome(mended: ["missing"]), 0) == .init(carriedOut: ["group: missing"]))
        #expect(keeping.report == RolesReport(revision: "r1", declared: 1, ready: 1))
        #expect(note(RoleOutcome(), 30) == .init())
        #expect(note(RoleOutcome(mended: ["LOGIN"]), 60) == .init(repaired: ["group: LOGIN"]))
        let repair = RolesReport.Alteration(time: "t60", count: 1, roles: ["group: LOGIN"])
        #expect(keeping.report?.repair == repair)
        #expect(note(RoleOutcome(), 90) == .init())
        #expect(keeping.report?.repair == repair)
        // Another list is no repair.
        var other = group
        other.connectionLimit = 3
        keeping.take([other], revision: "r2", at: start + .seconds(100))
        #expect(note(RoleOutcome(mended: ["connection limit"]), 100) == .init(carriedOut: ["group: connection limit"]))
        #expect(keeping.report?.repair == repair)
    }

    @Test func `a failing role is told once, again for another reason, and once that it is well`() {
        var keeping = keeping(group, alice)
        func note(_ failure: String?, _ seconds: Int) -> RoleKeeping.News {
            let now = start + .seconds(seconds)
            return keeping.note(
                ["group": RoleOutcome(failure: failure), "alice": RoleOutcome()], of: keeping.wishes(at: now), at: now,
                time: "t")
        }
        #expect(note("x", 0).failing == ["group: x"])
        #expect(
            keeping.report
                == RolesReport(
                    revision: "r1", declared: 2, ready: 1, failing: [.init(role: "group", reason: "x")]))
        // Looked at again sooner than a sound one.
        #expect(keeping.isPassDue(at: start + .seconds(10)))
        #expect(note("x", 10) == .init())
        #expect(note("y", 30).failing == ["group: y"])
        #expect(note(nil, 40) == .init(mended: ["group"]))
        #expect(keeping.report?.failing == [])
        #expect(keeping.report?.problem == nil)
    }

    @Test func `what was not reached is as it was known to be`() {
        var keeping = keeping(group, alice)
        let failing = ["group": RoleOutcome(), "alice": RoleOutcome(failure: "x")]
        _ = keeping.note(failing, of: keeping.wishes(at: start), at: start, time: "t")
        let report = RolesReport(
            revision: "r1", declared: 2, ready: 1, failing: [.init(role: "alice", reason: "x")])
        #expect(keeping.report == report)
        #expect(keeping.note([:], of: keeping.wishes(at: start), at: start + .seconds(30), time: "t") == .init())
        #expect(keeping.report == report)
    }

    @Test func `what the server refuses is tried less and less often, until something else is asked for`() {
        var keeping = keeping(alice, group)
        keeping.note(secret("x"), of: "alice", at: start)
        var tries: [Int] = []
        func look(_ second: Int, _ failure: String = "x") {
            let now = start + .seconds(second)
            guard keeping.isPassDue(at: now) else { return }
            let wishes = keeping.wishes(at: now)
            if wishes.contains(where: { $0.role.name == "alice" }) { tries.append(second) }
            #expect(wishes.count + keeping.resting(at: now).count == 2)
            // The others are looked at all the while.
            #expect(wishes.contains { $0.role.name == "group" })
            _ = keeping.note(
                ["alice": RoleOutcome(failure: failure), "group": RoleOutcome()], of: wishes, at: now, time: "t")
        }
        for second in 0...1300 { look(second) }
        #expect(tries == [0, 10, 30, 70, 150, 310, 610, 910, 1210])
        #expect(keeping.report?.failing == [.init(role: "alice", reason: "x")])
        // Another Secret, another list and another reason begin anew.
        for begin in [
            { _ = keeping.note(self.secret("y"), of: "alice", at: self.start + .seconds(1301)) },
            { keeping.take([self.alice, self.group], revision: "r2", at: self.start + .seconds(1401)) },
        ] {
            begin()
            tries = []
            let first = keeping.report?.revision == "r1" ? 1301 : 1401
            for second in first...(first + 75) { look(second) }
            #expect(tries == [0, 10, 30, 70].map { first + $0 })
        }
        tries = []
        for second in 1477...1630 { look(second, second < 1600 ? "y" : "z") }
        #expect(tries == [1551, 1561, 1581, 1621])
    }

    @Test func `a Secret of no use costs the server nothing, so the rest of the role is kept as ever`() {
        var keeping = keeping(alice)
        keeping.note(.missing, of: "alice", at: start)
        for second in [0, 30, 60, 90] {
            let now = start + .seconds(second)
            #expect(keeping.isPassDue(at: now) && !keeping.isPassDue(at: now - .seconds(1)))
            let wishes = keeping.wishes(at: now)
            #expect(wishes.count == 1)
            let outcome = RoleOutcome(failure: "Secret alice: does not exist")
            _ = keeping.note(["alice": outcome], of: wishes, at: now, time: "t")
        }
    }

    @Test func `one pass in vain is no news, the next one is, and so is the end of it`() {
        var keeping = keeping(group)
        func note() -> RoleKeeping.News {
            keeping.note(["group": RoleOutcome()], of: keeping.wishes(at: start), at: start, time: "t")
        }
        #expect(keeping.noteFailure("x", at: start) == nil && keeping.report?.problem == nil)
        #expect(note() == .init())
        #expect(keeping.noteFailure("x", at: start) == nil)
        #expect(keeping.noteFailure("x", at: start) == "x" && keeping.report?.problem == "x")
        #expect(keeping.noteFailure("x", at: start) == nil && keeping.noteFailure("y", at: start) == "y")
        #expect(note() == .init(isComparedAgain: true) && keeping.report?.problem == nil)
    }

    @Test func `after a pass in vain nothing counts as ready that was found of another list or password`() {
        var keeping = keeping(group, alice)
        keeping.note(secret("x"), of: "alice", at: start)
        _ = keeping.note(
            ["group": RoleOutcome(), "alice": RoleOutcome()], of: keeping.wishes(at: start), at: start, time: "t")
        #expect(keeping.report?.ready == 2)
        keeping.note(secret("y"), of: "alice", at: start)
        #expect(keeping.report?.ready == 1)
        var other = group
        other.connectionLimit = 3
        keeping.take([other, alice], revision: "r2", at: start)
        _ = keeping.noteFailure("no session", at: start)
        #expect(keeping.report?.ready == 0)
        // Nor does one fail that is in no list any more.
        _ = keeping.note(
            ["alice": RoleOutcome(failure: "x")], of: keeping.wishes(at: start), at: start, time: "t")
        keeping.take([other], revision: "r3", at: start)
        #expect(keeping.report?.failing == [])
    }

    @Test func `a role that was there before is told with what it is altered in, once, and none of an earlier list is`()
    {
        var keeping = keeping(group, alice)
        func note(_ name: String, _ outcome: RoleOutcome) -> RoleKeeping.News {
            keeping.note([name: outcome], of: keeping.wishes(at: start), at: start, time: "t")
        }
        let altered = RoleOutcome(mended: ["LOGIN", "NOSUPERUSER"])
        let told = "group: LOGIN, NOSUPERUSER"
        #expect(note("group", altered) == .init(carriedOut: [told], adopted: [told]))
        let adoption = RolesReport.Alteration(time: "t", count: 1, roles: [told])
        #expect(keeping.report?.adoption == adoption && keeping.report?.repair == nil)
        // Somebody makes it one again: that is a repair, and no adoption.
        #expect(note("group", altered) == .init(repaired: [told]))
        #expect(keeping.report?.adoption == adoption)
        // The owner himself takes something away from it.
        var other = group
        other.connectionLimit = 3
        keeping.take([other, alice], revision: "r2", at: start)
        #expect(note("group", altered).adopted == [])
        // Also one whose Secret is of no use is altered; one the server refused was not.
        let refused = RoleOutcome(failure: "x")
        #expect(note("alice", refused).adopted == [])
        let partly = RoleOutcome(mended: ["NOLOGIN"], failure: "Secret alice: is not read yet")
        keeping.take([other, alice], revision: "r3", at: start)
        #expect(note("alice", partly).adopted == ["alice: NOLOGIN"])
        // One that was not there is none.
        for what in ["missing", "exists"] {
            var keeping = self.keeping(group)
            let news = keeping.note(
                ["group": RoleOutcome(mended: [what])], of: keeping.wishes(at: start), at: start, time: "t")
            #expect(news == .init(carriedOut: ["group: \(what)"]))
        }
    }

    @Test func `what was mended before a pass broke off is told, and nothing is ready by that`() {
        var keeping = keeping(group, alice)
        let news = keeping.note(
            mended: ["group": RoleOutcome(mended: ["NOSUPERUSER"])], of: keeping.wishes(at: start), time: "t")
        #expect(news == .init(carriedOut: ["group: NOSUPERUSER"], adopted: ["group: NOSUPERUSER"]))
        #expect(keeping.report?.adoption?.roles == ["group: NOSUPERUSER"] && keeping.report?.ready == 0)
        #expect(keeping.isPassDue(at: start))
        // By the next look it is as declared, and nobody would know.
        _ = keeping.note(["group": RoleOutcome()], of: keeping.wishes(at: start), at: start, time: "u")
        #expect(keeping.report?.adoption?.time == "t" && keeping.report?.ready == 1)
    }

    @Test func `what may be over by the next look is told when it is not`() {
        var keeping = keeping(group)
        func note(_ outcome: RoleOutcome, _ second: Int) -> RoleKeeping.News {
            let now = start + .seconds(second)
            #expect(keeping.isPassDue(at: now))
            return keeping.note(["group": outcome], of: keeping.wishes(at: now), at: now, time: "t")
        }
        let locked = RoleOutcome(failure: "lock timeout", mayPass: true)
        #expect(note(RoleOutcome(), 0) == .init())
        #expect(note(locked, 30) == .init())
        #expect(keeping.report == RolesReport(revision: "r1", declared: 1, ready: 1))
        #expect(note(RoleOutcome(), 40) == .init())
        #expect(note(locked, 70) == .init())
        #expect(note(locked, 80) == .init(failing: ["group: lock timeout"]))
        #expect(keeping.report?.failing == [.init(role: "group", reason: "lock timeout")])
        #expect(note(RoleOutcome(), 90) == .init(mended: ["group"]))
        // Another failure is told at once.
        #expect(note(RoleOutcome(failure: "x"), 120).failing == ["group: x"])
    }
}
