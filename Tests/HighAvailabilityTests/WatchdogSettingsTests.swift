import HighAvailability
import Testing
import Units

@Suite struct WatchdogSettingsTests {
    @Test func `the machine is reset before the lock can be taken, and after init has had its turn`() {
        for timings in [Timings.fast, .standard, .tolerant] {
            let timeout = Duration.seconds(WatchdogSettings(mode: .automatic).timeout(timings))
            #expect(timeout < timings.ttl)
            #expect(timeout >= timings.fenceDelay)
        }
    }

    @Test(
        arguments: [
            (Duration.seconds(5), 15), (.seconds(-1), 10), (.zero, 20), (.milliseconds(500), 19), (.seconds(30), 1),
        ] as [(Duration, Int)])
    func `the timeout is what the margin leaves of ttl, in whole seconds`(margin: Duration, seconds: Int) {
        #expect(WatchdogSettings(safetyMargin: margin).timeout(.standard) == seconds)
    }

    @Test func `a member that needs a watchdog and cannot start it lets the lock go, whatever it runs`() {
        for server in Fixture.servers {
            let decision = decide(
                Fixture.observation(lock: Fixture.mine, server: server, leader: "demo-0") {
                    $0.isWatchdogMissing = true
                })
            #expect(decision.action == .release)
        }
        let primary = decide(
            Fixture.observation(lock: Fixture.mine, server: .primary(Fixture.running()), leader: "demo-0") {
                $0.isWatchdogMissing = true
            })
        #expect(primary.reason == "Demoting self because watchdog could not be activated")
    }

    @Test func `a timeout shorter than the time between two renewals is refused`() throws {
        let settings = WatchdogSettings(mode: .required, safetyMargin: .seconds(16))
        let objection = try #require(settings.objection(.standard))
        #expect(objection.contains("4 s") && objection.contains("20 s") && objection.contains("5 s"))
        #expect(WatchdogSettings(safetyMargin: .seconds(15)).objection(.standard) == nil)
    }
}
