package import HighAvailability
package import Logging
import Synchronization
import Units

/// The second fence, outside Pods: a device that resets the machine when the leader's agent falls silent.
///
/// It runs only while this member leads: started before its server is started or promoted as a primary, served after each
/// confirmed renewal and each consent of the members, ended once no client is served any more. An agent that dies leaves
/// it running.
///
/// init kills PostgreSQL before that (`FenceHandle`); what only the device covers is a kernel or an init that hangs.
package final class Watchdog: Sendable {
    private let settings: WatchdogSettings
    private let device: any WatchdogDevice
    private let logger: Logger
    private let state = Mutex(State.idle)
    private let lastProblem = Mutex<String?>(nil)

    private enum State: Equatable {
        case idle
        case running(Timings)
        /// It was tried for these timings, and this member may lead all the same.
        case doneWithout(Timings)
    }

    package init(_ settings: WatchdogSettings, device: any WatchdogDevice, logger: Logger) {
        self.settings = settings
        self.device = device
        self.logger = logger
    }

    /// Starts the countdown, or brings it up to date with changed timings.
    ///
    /// - Returns: false when this member must not lead.
    func activate(_ timings: Timings) -> Bool {
        guard settings.mode != .off else { return true }
        return state.withLock { state in
            switch state {
            case .running(timings), .doneWithout(timings): return true
            case .idle, .running, .doneWithout: break
            }
            do {
                if let objection = settings.objection(timings) { throw WatchdogError(objection) }
                let wanted = settings.timeout(timings)
                let actual = try device.open(timeoutInSeconds: wanted)
                if actual > wanted {
                    let text =
                        "Watchdog timeout \(actual) seconds does not ensure safe termination within \(wanted) seconds"
                    guard settings.mode != .required else { throw WatchdogError(text) }
                    say(text)
                }
                try device.keepAlive()
                logger.notice(
                    "watchdog activated", metadata: ["device": "\(settings.device)", "timeout": "\(actual) s"])
                state = .running(timings)
                forget()
                return true
            } catch {
                endCountdown()
                say("Could not activate the watchdog \(settings.device): \(error)")
                state = settings.mode == .required ? .idle : .doneWithout(timings)
                return settings.mode != .required
            }
        }
    }

    /// A renewal was confirmed, or every member agreed; nothing unless the countdown runs.
    func keepAlive() {
        state.withLock { state in
            guard case .running = state else { return }
            do {
                try device.keepAlive()
            } catch {
                // The next cycle opens it anew, or gives the lock up if it must not lead without.
                say("Could not serve the watchdog: \(error)")
                state = .idle
            }
        }
    }

    /// Ends the countdown: no server of this member serves a client.
    func disable() {
        state.withLock { state in
            // Also after a sign of life that failed: the device counts on. One that is closed is left alone.
            endCountdown()
            if case .running = state {
                logger.notice("watchdog disabled", metadata: ["device": "\(settings.device)"])
            }
            state = .idle
        }
    }

    /// This member could not lead, because the device it needs cannot be used. The others pass it over.
    var hasFailed: Bool { settings.mode == .required && !device.isUsable }

    private func endCountdown() {
        do {
            try device.close()
        } catch {
            logger.error("the watchdog was not stopped: \(error)")
        }
    }

    private func say(_ problem: String) {
        let isNew = lastProblem.withLock { last in
            defer { last = problem }
            return last != problem
        }
        if isNew { logger.warning("\(problem)") }
    }

    private func forget() {
        lastProblem.withLock { $0 = nil }
    }
}
