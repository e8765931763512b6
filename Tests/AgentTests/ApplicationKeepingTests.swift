import ServerControl
import Testing
import Units

@testable import AgentShell

@Suite struct ApplicationKeepingTests {
    private let start = BootInstant(nanoseconds: 1_000_000_000_000)
    private let fault = SettingsFault(
        InstanceError(.credentials, "Secret demo-app: password is empty"), "nothing is done")

    @Test func `what was tried in vain is tried again after half a minute`() {
        var keeping = ApplicationKeeping()
        #expect(keeping.isDue(at: start))
        for failure in [nil, fault] {
            _ = keeping.noteFailure(failure, at: start)
            #expect(!keeping.isDue(at: start + .seconds(29)) && keeping.isDue(at: start + .seconds(30)))
        }
        _ = keeping.note(.unchanged, at: start + .seconds(20))
        #expect(keeping.isDue(at: start + .seconds(30)))
        _ = keeping.note(.noRole, at: start + .seconds(30))
        #expect(!keeping.isDue(at: start + .seconds(59)))
    }

    @Test func `a fault lasts until the role was looked at with success, and is told once, like a missing role`() {
        var keeping = ApplicationKeeping()
        let news = keeping.noteFailure(fault, at: start)
        let repeated = keeping.noteFailure(fault, at: start)
        #expect(news && !repeated && keeping.fault == fault)
        let unchanged = keeping.note(.unchanged, at: start)
        #expect(!unchanged && keeping.fault == fault)
        let missing = keeping.note(.noRole, at: start)
        let stillMissing = keeping.note(.noRole, at: start)
        #expect(missing && !stillMissing && keeping.fault == nil)
        let set = [keeping.note(.set, at: start), keeping.note(.set, at: start)]
        #expect(set == [true, true])
    }
}
