import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// Takes the operator away and brings it back.
public struct OperatorScale: Sendable {
    private let lab: Lab

    public init(lab: Lab) {
        self.lab = lab
    }

    /// Sets the number of operators and waits until so many run.
    ///
    /// - Returns: the number before.
    @discardableResult
    public func scale(to replicas: Int) async throws -> Int {
        let before = try await lab.client.getRaw(
            .deployment, name: OperatorNames.deployment, namespace: lab.operatorNamespace)
        _ = try await lab.client.mergePatchRaw(
            .deployment, name: OperatorNames.deployment, namespace: lab.operatorNamespace,
            body: ["spec": ["replicas": .int(Int64(replicas))]])
        try await wait(
            for: "\(replicas) operators", within: .seconds(90), every: .milliseconds(200), saying: lab.progress
        ) {
            let status = try await lab.client.getRaw(
                .deployment, name: OperatorNames.deployment, namespace: lab.operatorNamespace)["status"]
            let ready = status?["readyReplicas"]?.intValue ?? 0
            let present = status?["replicas"]?.intValue ?? 0
            let pods = try await lab.client.list(Pod.self, namespace: lab.operatorNamespace).items.count
            return ready == replicas && present == replicas && (replicas > 0 || pods == 0)
                ? .reached(()) : .notYet("\(ready) ready of \(present), \(pods) Pods")
        }
        return before["spec"]?["replicas"]?.intValue ?? 1
    }
}
