public import KubernetesModels

/// Where the declared roles of a cluster and the Secrets with their passwords are read.
///
/// By name and live: a Secret is in no watch, so that an agent needs the right to read those that are named and no other.
/// Errors are ``StoreFailure``.
public protocol RoleDeclarations: Sendable {
    /// The list of roles as text; nil when there is none.
    func text(within limit: Duration) async throws -> String?

    /// The version of a Secret, without its contents; nil when there is no such Secret.
    func version(ofSecret name: String, within limit: Duration) async throws -> String?

    /// A Secret as it is now; nil when there is none. One whose label does not name this cluster is forbidden.
    func secret(_ name: String, within limit: Duration) async throws -> Secret?
}
