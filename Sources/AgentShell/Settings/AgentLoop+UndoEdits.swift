import Logging
import ServerControl

extension AgentLoop {
    /// Takes back what somebody has done by hand to the files of the running server, and says so.
    func undoEdits() async {
        do {
            // Nobody writes them meanwhile.
            try await configurationTurn.enter()
            defer { configurationTurn.leave() }
            let undone = try await instance.undoEdits()
            guard !undone.isEmpty else { return }
            if !undone.files.isEmpty {
                logger.warning(
                    "files of the server were edited by hand, and are as they were: change the cluster's settings instead",
                    metadata: ["files": "\(undone.files.joined(separator: ", "))"])
            }
            if !undone.parameters.isEmpty {
                logger.warning(
                    "ALTER SYSTEM has set what the cluster decides, and it was taken out of postgresql.auto.conf",
                    metadata: ["parameters": "\(undone.parameters.joined(separator: ", "))"])
            }
            try await instance.reload()
        } catch {
            logger.warning("whether files were edited by hand is not known", metadata: ["error": "\(error)"])
        }
    }
}
