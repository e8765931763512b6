import KubernetesModels
import PostgresClusterAPI

/// Requests that came with the resource.
///
/// What was carried out is remembered in status alone. A resource that was deleted and made again from a file, or restored
/// without its status, has forgotten it, and the request in it is of another time: nobody asks for it now.
extension Planner {
    /// Whether the spec is as it was when the resource was made, or nobody has looked at the resource before.
    var isAsMade: Bool { cluster.metadata.generation == 1 || cluster.status?.observedGeneration == nil }

    static let stoodAtCreation =
        "It stood in the resource when that was made, and may have been carried out before. "
        + "Take it out, or change its id to ask for it now"
}
