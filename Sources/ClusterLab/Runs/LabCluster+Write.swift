import Fence
import KubernetesModels
import Units

extension LabCluster {
    /// Writes for a while, whatever others do to the cluster meanwhile, and checks every row.
    ///
    /// - Parameter history: a file for every attempt as a JSON line.
    public func write(for duration: Duration, history file: String? = nil) async throws -> ScenarioResult {
        let target = try await target()
        try await Writer.prepareTable(at: target)
        let writer = Writer(target: target, run: "write \(BootClock.now().nanoseconds)")
        let end = BootClock.now() + duration
        await writer.start()
        while BootClock.now() < end, !Task.isCancelled {
            do { try await Task.sleep(for: min(.seconds(5), end - BootClock.now())) } catch { break }
            lab.progress.say(await writer.sight)
        }
        let history = await writer.stop()
        if let file {
            try HostFile.create(history.records.map { $0.json.serialized() + "\n" }.joined(), at: file)
        }
        var result = ScenarioResult(
            operation: "writing for \(Figures.seconds(duration)) s", outage: history.longestGap?.duration,
            verdict: HistoryVerdict(
                history: history, present: try await TableReader.ids(run: writer.run, at: target)))
        result.timeline = history.acknowledged.last?.timeline
        result.figures["missed ticks"] = Int64(history.missedTicks)
        return result
    }
}
