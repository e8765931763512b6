import KubernetesClient
import KubernetesModels
import OperatorPlan
import Synchronization

/// What the API server serves, asked once and again after a kind turned out to be absent.
final class CapabilityCache: Sendable {
    private let client: KubernetesClient
    private let cached = Mutex<Capabilities?>(nil)

    init(client: KubernetesClient) { self.client = client }

    func current() async throws -> Capabilities {
        if let known = cached.withLock({ $0 }) { return known }
        // policy/v1 came with Kubernetes 1.21, policy/v1beta1 went with 1.25.
        var capabilities = Capabilities(podDisruptionBudget: nil, endpointSlice: nil)
        for candidate in [PodDisruptionBudget.resource, .podDisruptionBudgetV1Beta1]
        where capabilities.podDisruptionBudget == nil {
            if try await client.serves(candidate) { capabilities.podDisruptionBudget = candidate }
        }
        for candidate in APIResource.endpointSlices where capabilities.endpointSlice == nil {
            if try await client.serves(candidate) { capabilities.endpointSlice = candidate }
        }
        let found = capabilities
        cached.withLock { $0 = found }
        return found
    }

    func forget() { cached.withLock { $0 = nil } }
}
