import Fence
import Glibc
import Logging
import PostgresClient
import PostgresConfiguration
public import ServerControl
import Units

extension PostgresInstance {
    /// Stops the server.
    ///
    /// A fast stop that does not end by its deadline becomes an immediate one; an immediate one has 200 ms before every
    /// process of the data directory gets SIGKILL. A cancelled task still finishes the stop.
    ///
    /// - Guarantees: when this returns, no process of the data directory exists.
    /// - Throws: ``InstanceError`` `.processesRemain` when SIGKILL does not help.
    @discardableResult
    public func stop(_ mode: StopMode, deadline: Duration) async throws -> StopReport {
        let start = BootClock.now()
        closeObserver()
        var isEscalated = false
        if let handle = adopt() {
            logger.info("stopping the postmaster", metadata: ["pid": "\(handle.pid)", "mode": "\(mode.rawValue)"])
            switch mode {
            case .fast:
                kill(handle.pid, SIGINT)
                isEscalated = !(await waitForExit(of: handle, deadline: deadline))
                if isEscalated {
                    logger.warning(
                        "the fast stop did not end in time; stopping at once",
                        metadata: ["after": "\(BootClock.now() - start)"])
                    kill(handle.pid, SIGQUIT)
                    _ = await waitForExit(of: handle, deadline: .milliseconds(200))
                }
            case .immediate:
                kill(handle.pid, SIGQUIT)
                _ = await waitForExit(of: handle, deadline: .milliseconds(200))
            }
        }
        closeObserver()
        try killLeftovers(deadline: .seconds(10))
        // The watcher learns of a SIGKILL a moment later than /proc does.
        if let handle = monitor.running { _ = await waitForExit(of: handle, deadline: .seconds(1)) }
        let control = await stoppedControlData()
        return StopReport(
            isClean: control?.isCleanShutdown ?? false, wasEscalated: isEscalated, elapsed: BootClock.now() - start,
            shutdownCheckpoint: control.flatMap(Self.shutdownPosition))
    }

    /// Where the history of a stopped primary ends; nil unless it was stopped cleanly.
    public func shutdownCheckpoint() async throws -> ShutdownPosition? {
        Self.shutdownPosition(try await controlData())
    }

    private static func shutdownPosition(_ control: ControlData) -> ShutdownPosition? {
        control.state == .shutDown
            ? ShutdownPosition(timeline: control.timeline, checkpoint: control.checkpoint) : nil
    }

    private func stoppedControlData() async -> ControlData? {
        do {
            return try await controlData()
        } catch {
            logger.warning("cannot tell whether the stop was clean", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func waitForExit(of handle: PostmasterHandle, deadline: Duration) async -> Bool {
        let end = BootClock.now() + deadline
        while monitor.running == handle {
            if BootClock.now() >= end { return false }
            // The watcher knows at once; this only bounds how late we notice.
            await pause(.milliseconds(2))
        }
        return true
    }
}
