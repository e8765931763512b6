/// Takes a Pod off the network without touching its processes, as a broken cable would.
///
/// The rules drop every packet in and out inside the Pod's own network namespace; loopback stays.
public struct NetworkCut: Sendable {
    private let process: Int32

    /// - Throws: ``LabError`` when the Pod has no processes on this machine.
    public init(podUID: String) throws(LabError) {
        // The sandbox's process lives as long as the namespace; those of the containers may be restarted.
        let processes = PodProcesses(podUID: podUID).all
        guard let holder = processes.first(where: { $0.name == "pause" }) ?? processes.first else {
            throw LabError("Pod \(podUID) has no processes on this machine, so it cannot be cut off from here")
        }
        process = holder.identifier
    }

    public func cut() async throws {
        for (chain, device) in [("INPUT", "-i"), ("OUTPUT", "-o")] {
            try await rule("-I", chain, device)
        }
    }

    /// Harmless when nothing was cut, and when the Pod is gone.
    public func heal() async throws {
        guard HostFile.exists("/proc/\(process)/ns/net") else { return }
        for (chain, device) in [("INPUT", "-i"), ("OUTPUT", "-o")] {
            do {
                try await rule("-D", chain, device)
            } catch let error as LabError where error.message.contains("does a matching rule exist") {
                continue
            }
        }
    }

    private func rule(_ action: String, _ chain: String, _ device: String) async throws {
        try await CommandRunner.run(
            "nsenter",
            ["-t", String(process), "-n", "iptables", "-w", "5", action, chain, "!", device, "lo", "-j", "DROP"])
    }
}
