import ClusterRecords
import KubernetesClient
import KubernetesModels
import Units

extension ClusterReader {
    /// Where a Service of the cluster is; nil when there is none with an address of its own, or it may not be read.
    func place(of service: ServerOptions.ServiceKind, _ name: String, namespace: String) async throws -> ServerPlace? {
        let scope = Scope(namespace: namespace, cluster: name)
        let serviceName =
            switch service {
            case .readWrite: scope.readWriteService
            case .readOnly: scope.readOnlyService
            }
        let problem: KubernetesError
        do {
            let found = try await client.get(Service.self, name: serviceName, namespace: namespace)
            guard let address = found.spec?.clusterIP, !address.isEmpty, address != "None" else { return nil }
            return ServerPlace(host: address, port: found.spec?.ports?.first?.port ?? MemberPod.postgresPort)
        } catch {
            problem = error
        }
        guard problem.isNotFound || problem.isForbidden else { throw problem }
        return nil
    }
}

extension MemberListing {
    /// Where its server is; nil until it has an address.
    var address: ServerPlace? {
        host.map { ServerPlace(host: $0, port: port ?? MemberPod.postgresPort) }
    }
}
