public import ClusterStore
public import KubernetesClient

extension KubernetesError: StoreFailure {}
