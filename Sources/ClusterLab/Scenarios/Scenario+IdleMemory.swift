import Units

extension Scenario {
    /// Memory of agent and init together, after a minute without work; the largest of all members counts.
    public static let idleMemory = Scenario("idle-memory", "memory of agent and init, idle") { cluster, title in
        let healthy = try await cluster.waitUntilHealthy()
        cluster.lab.progress.say("a minute of idleness")
        try await Task.sleep(for: .seconds(60))
        var result = ScenarioResult(operation: title, leaderAfter: healthy.leader.name, timeline: healthy.timeline)
        var largest = MemoryUse(anonymous: 0, resident: 0)
        for member in [healthy.leader] + healthy.replicas {
            let agent = try cluster.process(of: member, "agent", \.agent)
            let first = try cluster.process(of: member, "PID 1 of the container", \.initProcess)
            guard let one = agent.memory(), let other = first.memory() else {
                throw LabError("agent or init of \(member.name) ended while it was looked at")
            }
            let sum = one + other
            result.notes.append(
                "\(member.name) \(member.isPrimary ? "leader" : "replica") \(Figures.mebibytes(sum.anonymous)) MiB "
                    + "anonymous, \(Figures.mebibytes(sum.resident)) MiB RSS")
            largest.anonymous = max(largest.anonymous, sum.anonymous)
            largest.resident = max(largest.resident, sum.resident)
        }
        result.figures["anonymous bytes"] = largest.anonymous
        result.figures["RSS bytes"] = largest.resident
        return result
    }
}
