import Glibc
import TestSupport

/// Agent and init of one member, which stand still.
struct StoppedSupervision: Sendable {
    let processes: [pid_t]

    /// Harmless when something else has done so already.
    func resume() {
        for process in processes { kill(process, SIGCONT) }
    }
}

extension MemberProcess {
    /// Stops agent and init: PostgreSQL goes on with nobody above it.
    func stopSupervision() throws(LabError) -> StoppedSupervision {
        guard let agentProcess, let initProcess else { throw LabError("\(name) has no agent or no init") }
        for process in [initProcess, agentProcess] { kill(process, SIGSTOP) }
        return StoppedSupervision(processes: [initProcess, agentProcess])
    }
}
