import ClusterRecords
import KubernetesModels

/// The objects of a Patroni cluster, after the manifest Patroni brings for Kubernetes.
///
/// What differs from it is what the comparison needs: volumes instead of an emptyDir, so that a deleted Pod finds its data
/// as ours does; a grace period in which Patroni can hand over, where the manifest has none; members start together; the API
/// server's Service is not passed by, for there is one API server.
struct PatroniManifest {
    let name: String
    let namespace: String
    let instances: Int
    let image: String

    /// As in our image, which the volumes of the local Kubernetes belong to.
    private static let user: JSONValue = 10026

    private var labels: JSONValue { ["application": "patroni", Labels.cluster: .string(name)] }

    /// A `List` to be applied.
    ///
    /// - Parameter withPasswords: with a Secret of new passwords.
    func objects(withPasswords: Bool) -> JSONValue {
        let secret = withPasswords ? [passwords] : []
        return [
            "apiVersion": "v1", "kind": "List",
            "items": .array(
                secret + [
                    configuration, serviceAccount, role, roleBinding, readWriteService, storeService, statefulSet,
                ]),
        ]
    }

    private func object(_ apiVersion: String, _ kind: String, _ name: String, _ rest: [String: JSONValue]) -> JSONValue
    {
        let metadata: JSONValue = [
            "name": .string(name), "namespace": .string(namespace), "labels": labels,
        ]
        return .object(
            rest.merging(["apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": metadata]) { $1 })
    }

    private var passwords: JSONValue {
        func password() -> JSONValue {
            var generator = SystemRandomNumberGenerator()
            return .string(
                String(generator.next() as UInt64, radix: 36) + String(generator.next() as UInt64, radix: 36))
        }
        return object(
            "v1", "Secret", name, ["stringData": ["superuser": password(), "replication": password()]])
    }

    /// Only what a new cluster is made with: everything else is Patroni's default, or said by the environment.
    private var configuration: JSONValue {
        let hba: JSONValue = [
            "local all all trust", "host all all 0.0.0.0/0 scram-sha-256",
            "host replication all 0.0.0.0/0 scram-sha-256",
        ]
        let file: JSONValue = [
            "bootstrap": [
                "dcs": ["postgresql": ["use_pg_rewind": true, "pg_hba": hba]],
                "initdb": [
                    ["encoding": "UTF8"], ["locale": "C.UTF-8"], "data-checksums", ["auth-local": "trust"],
                    ["auth-host": "scram-sha-256"],
                ],
            ]
        ]
        // JSON is YAML.
        return object("v1", "ConfigMap", "\(name)-file", ["data": ["patroni.yml": .string(file.serialized())]])
    }

    private var serviceAccount: JSONValue { object("v1", "ServiceAccount", name, [:]) }

    private var role: JSONValue {
        func rule(_ resource: String, _ verbs: JSONValue) -> JSONValue {
            ["apiGroups": [""], "resources": [.string(resource)], "verbs": verbs]
        }
        let store: JSONValue = ["create", "get", "list", "patch", "update", "watch", "delete", "deletecollection"]
        return object(
            "rbac.authorization.k8s.io/v1", "Role", name,
            [
                "rules": [
                    rule("configmaps", store), rule("endpoints", store),
                    rule("pods", ["get", "list", "patch", "update", "watch"]), rule("services", ["create"]),
                ]
            ])
    }

    private var roleBinding: JSONValue {
        object(
            "rbac.authorization.k8s.io/v1", "RoleBinding", name,
            [
                "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": .string(name)],
                "subjects": [["kind": "ServiceAccount", "name": .string(name), "namespace": .string(namespace)]],
            ])
    }

    /// Without a selector: the leader writes its address into the Endpoints of this name. Its port has no name there either.
    private var readWriteService: JSONValue {
        object("v1", "Service", name, ["spec": ["ports": [["port": 5432, "targetPort": 5432]]]])
    }

    /// Keeps Kubernetes from removing the Endpoints Patroni has its configuration in.
    private var storeService: JSONValue {
        object(
            "v1", "Service", Scope(namespace: namespace, cluster: name).storeConfiguration,
            ["spec": ["clusterIP": "None"]])
    }

    private var statefulSet: JSONValue {
        object(
            "apps/v1", "StatefulSet", name,
            [
                "spec": [
                    "replicas": JSONValue(instances), "serviceName": .string(name), "podManagementPolicy": "Parallel",
                    "selector": ["matchLabels": labels],
                    "template": ["metadata": ["labels": labels], "spec": pod],
                    "volumeClaimTemplates": [
                        [
                            "metadata": ["name": "data", "labels": labels],
                            "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
                        ]
                    ],
                ]
            ])
    }

    private var pod: JSONValue {
        [
            "serviceAccountName": .string(name), "terminationGracePeriodSeconds": 60,
            "securityContext": [
                "runAsUser": Self.user, "runAsGroup": Self.user, "fsGroup": Self.user,
                "fsGroupChangePolicy": "OnRootMismatch",
            ],
            "containers": [
                [
                    "name": "patroni", "image": .string(image), "imagePullPolicy": "IfNotPresent",
                    "env": environment,
                    "ports": [["containerPort": 8008], ["containerPort": 5432]],
                    "readinessProbe": [
                        "httpGet": ["path": "/readiness", "port": 8008], "initialDelaySeconds": 3, "periodSeconds": 10,
                        "timeoutSeconds": 5, "failureThreshold": 3,
                    ],
                    "volumeMounts": [
                        ["name": "data", "mountPath": "/var/lib/postgresql/data"],
                        ["name": "file", "mountPath": "/etc/patroni"],
                        ["name": "run", "mountPath": "/var/run/postgresql"],
                    ],
                ]
            ],
            "volumes": [
                ["name": "file", "configMap": ["name": .string("\(name)-file")]], ["name": "run", "emptyDir": [:]],
            ],
        ]
    }

    private var environment: JSONValue {
        func field(_ name: String, _ path: String) -> JSONValue {
            ["name": .string(name), "valueFrom": ["fieldRef": ["fieldPath": .string(path)]]]
        }
        func secret(_ name: String, _ key: String) -> JSONValue {
            [
                "name": .string(name),
                "valueFrom": ["secretKeyRef": ["name": .string(self.name), "key": .string(key)]],
            ]
        }
        func value(_ name: String, _ value: String) -> JSONValue { ["name": .string(name), "value": .string(value)] }
        return [
            field("PATRONI_KUBERNETES_POD_IP", "status.podIP"),
            field("PATRONI_KUBERNETES_NAMESPACE", "metadata.namespace"), field("PATRONI_NAME", "metadata.name"),
            value("PATRONI_KUBERNETES_USE_ENDPOINTS", "true"),
            value("PATRONI_KUBERNETES_LABELS", labels.serialized()), value("PATRONI_SCOPE", name),
            value("PATRONI_SUPERUSER_USERNAME", "postgres"), secret("PATRONI_SUPERUSER_PASSWORD", "superuser"),
            value("PATRONI_REPLICATION_USERNAME", "standby"), secret("PATRONI_REPLICATION_PASSWORD", "replication"),
            value("PATRONI_POSTGRESQL_DATA_DIR", "/var/lib/postgresql/data/pgdata"),
            value("PATRONI_POSTGRESQL_BIN_DIR", "/usr/lib/postgresql/15/bin"),
            value("PATRONI_POSTGRESQL_PGPASS", "/tmp/pgpass"),
            value("PATRONI_POSTGRESQL_LISTEN", "0.0.0.0:5432"), value("PATRONI_RESTAPI_LISTEN", "0.0.0.0:8008"),
            value("PATRONI_POSTGRESQL_CONNECT_ADDRESS", "$(PATRONI_KUBERNETES_POD_IP):5432"),
            value("PATRONI_RESTAPI_CONNECT_ADDRESS", "$(PATRONI_KUBERNETES_POD_IP):8008"),
        ]
    }
}
