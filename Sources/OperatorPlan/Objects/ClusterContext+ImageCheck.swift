import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// A Pod that says which PostgreSQL an image has, and what its agent can, and does nothing else.
extension ClusterContext {
    var imageCheckName: String { Scope.imageCheck(clusterUID: uid) }

    /// Runs `matriarch postgres-version` from `image`, where the members would run.
    ///
    /// A StatefulSet because the operator may make those, and must not need the right to make Pods. It mounts nothing, holds
    /// no token, and has none of the labels by which Services, the disruption budget, agents and the operator find members.
    func imageCheck(_ image: String) -> JSONValue {
        let labels: [String: String] = [
            Labels.name: Labels.application, Labels.instance: name, Labels.managedBy: Labels.application,
            Labels.component: Component.imageCheck,
        ]
        let selector = [Labels.instance: name, Labels.component: Component.imageCheck]
        return [
            "apiVersion": .string(StatefulSet.resource.apiVersion), "kind": .string(StatefulSet.resource.kind),
            "metadata": [
                "name": .string(imageCheckName), "namespace": .string(namespace), "labels": JSONValue(labels),
                "ownerReferences": [ownerReference],
            ],
            "spec": [
                "replicas": 1, "serviceName": .string(imageCheckName), "podManagementPolicy": "Parallel",
                "selector": ["matchLabels": JSONValue(selector)],
                "template": ["metadata": ["labels": JSONValue(labels)], "spec": imageCheckPod(image)],
            ],
        ]
    }

    private func imageCheckPod(_ image: String) -> JSONValue {
        let resources: JSONValue = ["cpu": "100m", "memory": "128Mi"]
        var pod: [String: JSONValue] = [
            // The members' account, for what is pulled and admitted in its name; without its token.
            "serviceAccountName": .string(scope.serviceAccount), "automountServiceAccountToken": false,
            "enableServiceLinks": false, "terminationGracePeriodSeconds": 0,
            "securityContext": [
                "runAsNonRoot": true, "runAsUser": .int(Self.user), "runAsGroup": .int(Self.user),
                "seccompProfile": ["type": "RuntimeDefault"],
            ],
            "containers": [
                [
                    "name": "image-check", "image": .string(image),
                    "imagePullPolicy": .string(spec.imagePullPolicy.rawValue),
                    "command": ["/usr/local/bin/matriarch", "postgres-version"],
                    "env": [["name": .string(ImageAnswer.question), "value": .string(ImageAnswer.everything)]],
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    "resources": ["requests": resources, "limits": resources],
                    "securityContext": [
                        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                        "capabilities": ["drop": ["ALL"]],
                    ],
                ]
            ],
        ]
        if let secrets = spec.imagePullSecrets {
            pod["imagePullSecrets"] = .array(secrets.map { ["name": .string($0)] })
        }
        if let tolerations = spec.tolerations { pod["tolerations"] = .array(tolerations) }
        if let selector = spec.nodeSelector { pod["nodeSelector"] = JSONValue(selector) }
        return .object(pod)
    }
}
