/// Every label, declared once.
public enum Labels {
    public static let name = "app.kubernetes.io/name"
    public static let instance = "app.kubernetes.io/instance"
    public static let managedBy = "app.kubernetes.io/managed-by"
    /// What an object is for; see ``Component``.
    public static let component = "app.kubernetes.io/component"
    /// Value of ``name`` and ``managedBy``.
    public static let application = "matriarch"
    /// Patroni's scope label: the store and the Services select by it.
    public static let cluster = "cluster-name"
    /// On Pods: what the member is, set by the agents; see ``RoleLabel``.
    public static let role = "role"
    /// On Pods of replicas that clients may read from, set by the agents: all but those tagged `noloadbalance` or `nostream`.
    public static let isOffered = "matriarch.dev/load-balanced"
    /// Value of ``isOffered``.
    public static let offered = "true"
    /// On Pods, by the StatefulSet controller: the template they were made from.
    public static let revision = "controller-revision-hash"
    /// On Secrets, by whoever made them: the cluster whose declared roles may have their passwords in it. The agents of no
    /// other cluster may read it, and of a Secret without it none.
    public static let rolePasswords = "matriarch.dev/role-passwords"
    /// On nodes; on Pods as well, where Kubernetes 1.35 and later copy it from the node.
    public static let zone = "topology.kubernetes.io/zone"
    /// On nodes.
    public static let hostname = "kubernetes.io/hostname"

    /// The labels of an object of `cluster`, the same on every one.
    public static func all(cluster: String, component: String) -> [String: String] {
        [
            name: application, instance: cluster, managedBy: application, Labels.component: component,
            Labels.cluster: cluster,
        ]
    }
}
