import KubernetesClient
import PostgresClusterAPI

/// A request that was written into a cluster's spec, followed until its status is final.
struct FollowedRequest {
    /// Of the request, as written into the spec.
    var id: String
    /// What was asked for, in sentences: `switchover`.
    var what: String
    var cluster: String
    var namespace: String
    /// Seconds one step may take; the operator has 15 more.
    var timeout: Int
    var watch: Stopwatch

    /// Polls, and says each new step once.
    ///
    /// - Parameters:
    ///   - isEnough: what need not be followed any further, though it has not ended.
    ///   - isLong: what may take its time: a copy of a large database is hours without a step.
    /// - Throws: ``CommandError`` when no step was taken for the timeout and 15 s more, and when another request has taken the
    ///   place of this one, which nobody tells anything of any more.
    func end<Status: RequestStatus>(
        _ reader: ClusterReader, isEnough: (Status) -> Bool = { _ in false }, isLong: (Status) -> Bool = { _ in false },
        _ current: (PostgresCluster) -> Status?
    ) async throws -> Status {
        var said: String?
        var lastStep = watch.elapsed
        var problem: String?
        var hasTime = false
        while hasTime || watch.elapsed - lastStep < .seconds(timeout + 15) {
            do {
                let status = current(try await reader.cluster(cluster, namespace: namespace))
                if let status, status.id == id {
                    let step = "\(status.phase.rawValue)\(status.message.map { ", \($0)" } ?? "")"
                    if step != said {
                        (said, lastStep) = (step, watch.elapsed)
                        Terminal.note("\(watch.text): \(step)")
                    }
                    if status.phase.isFinal || isEnough(status) { return status }
                    hasTime = isLong(status)
                } else if let status, said != nil {
                    throw CommandError(
                        "\(what) is not followed any more after \(watch.text): another request, id \(status.id ?? "none"), "
                            + "has taken its place")
                }
                problem = nil
            } catch let error as KubernetesError where error.isRetryable {
                // The request is in the resource; an API server that is away for a moment changes nothing.
                problem = error.description
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        let reason =
            problem ?? (said == nil ? "the operator has not seen the request; is it running?" : "it is still under way")
        throw CommandError("\(what) has not ended after \(watch.text): \(reason)")
    }
}
