/// EndpointSlices are handled as JSON: the two versions differ in where the node's name stands.
extension APIResource {
    /// Served since Kubernetes 1.21.
    public static let endpointSlice = APIResource(
        group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices", isNamespaced: true)
    /// Served up to Kubernetes 1.24; the only one before 1.21.
    public static let endpointSliceV1Beta1 = APIResource(
        group: "discovery.k8s.io", version: "v1beta1", kind: "EndpointSlice", plural: "endpointslices",
        isNamespaced: true)

    /// The versions of EndpointSlice, best first.
    public static let endpointSlices = [endpointSlice, endpointSliceV1Beta1]
}

/// Labels of EndpointSlices that Kubernetes reads.
public enum EndpointSliceLabel {
    /// The Service it is behind.
    public static let service = "kubernetes.io/service-name"
    /// Who writes it; every controller leaves alone what names another one.
    public static let managedBy = "endpointslice.kubernetes.io/managed-by"
    /// Kubernetes' own, of a Service with a selector.
    public static let managedByController = "endpointslice-controller.k8s.io"
    /// Kubernetes' own, copied from the Endpoints object of a Service without a selector.
    public static let managedByMirroring = "endpointslicemirroring-controller.k8s.io"
    /// Ours.
    public static let managedByMatriarch = "matriarch.dev"
}
