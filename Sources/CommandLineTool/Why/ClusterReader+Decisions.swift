import ClusterRecords
import KubernetesClient
import KubernetesModels

extension ClusterReader {
    /// What a member decided last, oldest first, by its own word.
    ///
    /// - Throws: ``CommandError`` when there is no such member, when it may not be asked, or does not tell.
    func decisions(of member: String, namespace: String) async throws -> [DecisionRecord] {
        try await requireMember(member, namespace: namespace)
        switch await ask(agentPath(of: member, namespace: namespace, PeerPath.decisions.rawValue)) {
        case .success(let body):
            guard let answer = DecisionAnswer(json: body) else {
                throw CommandError("\(member) does not tell what it decided: what answers is no agent of this version")
            }
            return answer.decisions
        case .failure(let problem) where problem.isForbidden || problem.isUnauthorized:
            throw CommandError(
                "you may not ask \(member): that needs the right to get pods/proxy in namespace \(namespace)")
        case .failure(let problem):
            // An earlier agent knows the path as a check that fails.
            throw CommandError(
                "\(member) does not tell what it decided: its agent does not answer, or is of a version that keeps no "
                    + "decisions: \(problem)")
        }
    }

    private func ask(_ path: String) async -> Result<JSONValue, KubernetesError> {
        do {
            return .success(try await client.getPath(path, deadline: Self.positionLimit))
        } catch {
            return .failure(error)
        }
    }

    private func requireMember(_ name: String, namespace: String) async throws {
        let pod: Pod
        let problem: KubernetesError
        do {
            pod = try await client.get(Pod.self, name: name, namespace: namespace)
            let cluster = pod.metadata.labels?[Labels.cluster]
            if let cluster, Scope(namespace: namespace, cluster: cluster).isMember(pod.metadata) { return }
            throw CommandError("Pod \(name) in namespace \(namespace) is no member of a cluster")
        } catch let error as KubernetesError {
            problem = error
        }
        if problem.isNotFound { throw CommandError("no member \(name) in namespace \(namespace)") }
        throw problem
    }
}
