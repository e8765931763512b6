import KubernetesClient
import KubernetesModels
import TestSupport

extension CommandLineLab {
    /// A kubeconfig of somebody who may get and list these kinds of this namespace, and nothing else.
    ///
    /// - Parameters:
    ///   - groups: the API groups.
    ///   - resources: the kinds, such as `pods` and `pods/log`.
    func kubeconfig(mayRead groups: [String], _ resources: [String]) async throws -> String {
        let account = "looker"
        let namespace = lab.namespace
        _ = try await lab.client.create(ServiceAccount(metadata: ObjectMeta(name: account, namespace: namespace)))
        func rights(_ kind: String, _ body: [String: JSONValue]) async throws {
            let resource = APIResource(
                group: "rbac.authorization.k8s.io", version: "v1", kind: kind, plural: kind.lowercased() + "s",
                isNamespaced: true)
            let metadata: JSONValue = ["name": .string(account)]
            _ = try await lab.client.createRaw(
                resource, body: .object(body.merging(["metadata": metadata]) { $1 }), namespace: namespace)
        }
        try await rights(
            "Role",
            [
                "rules": [
                    [
                        "apiGroups": .array(groups.map { .string($0) }),
                        "resources": .array(resources.map { .string($0) }), "verbs": ["get", "list"],
                    ]
                ]
            ])
        try await rights(
            "RoleBinding",
            [
                "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": .string(account)],
                "subjects": [["kind": "ServiceAccount", "name": .string(account), "namespace": .string(namespace)]],
            ])
        let answer = try await lab.client.createRaw(
            ServiceAccount.resource,
            body: [
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": ["expirationSeconds": 3600],
            ], namespace: namespace, subresource: "token", name: account)
        guard let token = answer.value(at: "status", "token")?.stringValue else {
            throw FixtureError("no token for \(account): \(answer.serialized())")
        }
        let folder = try programs([:])
        let config: JSONValue = [
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [
                [
                    "name": "test",
                    "cluster": [
                        "server": .string(lab.plane.server), "certificate-authority": .string(lab.plane.authorityPath),
                    ],
                ]
            ],
            "users": [["name": "looker", "user": ["token": .string(token)]]],
            "contexts": [["name": "test", "context": ["cluster": "test", "user": "looker"]]],
        ]
        try write(config.serialized(), to: "\(folder)/kubeconfig")
        return "\(folder)/kubeconfig"
    }
}
