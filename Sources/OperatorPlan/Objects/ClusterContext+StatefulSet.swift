import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration

/// The members' Pods and volumes.
///
/// The template is a function of the spec, of whether the cluster was made with a database for an application, and of what the
/// image's agent can. A newer operator must build the same template from the same spec: a different one would restart every
/// database. What a new version wants to change needs a field in the spec, or has to be seen in what is there.
extension ClusterContext {
    /// - Parameters:
    ///   - image: what the members run; nil: spec.image.
    ///   - hasProbePort: the agents of that image answer the kubelet on a port of its own; see ``Planner/hasProbePort(_:)``.
    func statefulSet(
        replicas: Int, image: String? = nil, hasProbePort: Bool
    ) -> JSONValue {
        object(
            StatefulSet.resource, scope.statefulSet, component: Component.member,
            [
                "spec": [
                    "replicas": JSONValue(replicas), "serviceName": .string(scope.podsService),
                    // A dead demo-0 must not keep demo-1 from starting; the operator orders restarts itself.
                    "podManagementPolicy": "Parallel", "updateStrategy": ["type": "OnDelete"],
                    "selector": ["matchLabels": JSONValue(podSelector)],
                    "template": podTemplate(image: image ?? spec.image, hasProbePort: hasProbePort),
                    "volumeClaimTemplates": [volumeClaimTemplate()],
                ]
            ])
    }

    /// Carries no owner: volumes outlive the cluster.
    private func volumeClaimTemplate() -> JSONValue {
        var claim: [String: JSONValue] = [
            "accessModes": ["ReadWriteOnce"],
            "resources": ["requests": ["storage": .string(spec.storage.size.text)]],
        ]
        if let name = spec.storage.storageClassName { claim["storageClassName"] = .string(name) }
        return [
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": ["name": "data", "labels": JSONValue(Labels.all(cluster: name, component: Component.member))],
            "spec": .object(claim),
        ]
    }

    func podTemplate(image: String, hasProbePort: Bool) -> JSONValue {
        let labels = (spec.podMetadata?.labels ?? [:]).merging(
            Labels.all(cluster: name, component: Component.member)
        ) { $1 }
        var metadata: JSONValue = ["labels": JSONValue(labels)]
        if let annotations = spec.podMetadata?.annotations { metadata["annotations"] = JSONValue(annotations) }
        var pod: [String: JSONValue] = [
            "serviceAccountName": .string(scope.serviceAccount), "automountServiceAccountToken": true,
            "enableServiceLinks": false,
            // A primary hands over before it stops; that and a shutdown checkpoint fit in here.
            "terminationGracePeriodSeconds": 60,
            "securityContext": [
                "runAsNonRoot": true, "runAsUser": .int(Self.user), "runAsGroup": .int(Self.user),
                "fsGroup": .int(Self.user),
                // Always would make the data directory group-writable at each start, which PostgreSQL refuses.
                "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": ["type": "RuntimeDefault"],
            ],
            "containers": [container(image, hasProbePort: hasProbePort)], "volumes": .array(volumes + callbackVolumes),
            "affinity": spec.affinity ?? defaultAffinity,
            "topologySpreadConstraints": spec.topologySpreadConstraints.map { .array($0) } ?? defaultSpread,
        ]
        if let secrets = spec.imagePullSecrets {
            pod["imagePullSecrets"] = .array(secrets.map { ["name": .string($0)] })
        }
        if let tolerations = spec.tolerations { pod["tolerations"] = .array(tolerations) }
        if let selector = spec.nodeSelector { pod["nodeSelector"] = JSONValue(selector) }
        if let priority = spec.priorityClassName { pod["priorityClassName"] = .string(priority) }
        return ["metadata": metadata, "spec": .object(pod)]
    }

    static let user: Int64 = 10026

    /// `terminationMessagePath` and `terminationMessagePolicy` stay at the API's defaults, /dev/termination-log and File: there each
    /// instance of the container leaves its name. To write them out would change the template and nothing else.
    private func container(_ image: String, hasProbePort: Bool) -> JSONValue {
        let probes = hasProbePort ? MemberPod.probePortName : "agent"
        var container: [String: JSONValue] = [
            "name": .string(MemberPod.container), "image": .string(image),
            "imagePullPolicy": .string(spec.imagePullPolicy.rawValue),
            "command": [
                "/usr/local/bin/matriarch", "init", "--", "/usr/local/bin/matriarch", "agent",
            ],
            "env": environment,
            "ports": .array(
                [Self.port("postgres", MemberPod.postgresPort), Self.port("agent", MemberPod.agentPort)]
                    + (hasProbePort ? [Self.port(MemberPod.probePortName, MemberPod.probePort)] : [])),
            "startupProbe": Self.probe("/liveness", at: probes, period: 1, timeout: 5, failures: 120),
            // The agent alone: a slow, recovering or full server is no reason to kill the container.
            "livenessProbe": Self.probe("/liveness", at: probes, period: 10, timeout: 5, failures: 3),
            "readinessProbe": Self.probe("/readiness", at: probes, period: 2, timeout: 2, failures: 3),
            "securityContext": [
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                "capabilities": ["drop": ["ALL"]],
            ],
            "volumeMounts": .array(volumeMounts),
        ]
        if let resources = spec.resources {
            var limits: JSONValue = [:]
            if let requests = resources.requests { limits["requests"] = JSONValue(requests.mapValues(\.text)) }
            if let maximum = resources.limits { limits["limits"] = JSONValue(maximum.mapValues(\.text)) }
            container["resources"] = limits
        }
        return .object(container)
    }

    private var volumeMounts: [JSONValue] {
        let callbacks: [JSONValue] =
            spec.callbacks == nil
            ? [] : [["name": "callbacks", "mountPath": "/etc/matriarch-callbacks", "readOnly": true]]
        return [
            ["name": "data", "mountPath": "/var/lib/postgresql/data"],
            ["name": "matriarch", "mountPath": "/etc/matriarch", "readOnly": true],
            ["name": "run", "mountPath": "/run/matriarch"],
            ["name": "shm", "mountPath": "/dev/shm"],
            ["name": "tmp", "mountPath": "/tmp"],
        ] + callbacks
    }

    private var environment: JSONValue {
        func field(_ name: String, _ path: String) -> JSONValue {
            ["name": .string(name), "valueFrom": ["fieldRef": ["apiVersion": "v1", "fieldPath": .string(path)]]]
        }
        return [
            ["name": "MATRIARCH_CLUSTER", "value": .string(name)],
            field("POD_NAME", "metadata.name"), field("POD_NAMESPACE", "metadata.namespace"),
            field("POD_UID", "metadata.uid"), field("POD_IP", "status.podIP"), field("NODE_NAME", "spec.nodeName"),
            ["name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"],
            // glibc makes an arena of 64 MB per thread otherwise.
            ["name": "MALLOC_ARENA_MAX", "value": "2"],
        ]
    }

    /// One projected volume for everything below /etc/matriarch: mounts inside a read-only mount are not possible.
    private var volumes: [JSONValue] {
        func credentials(_ secret: String, _ folder: String, isOptional: Bool = false) -> JSONValue {
            var source: JSONValue = [
                "name": .string(secret),
                "items": .array(
                    ["username", "password"].map {
                        ["key": .string($0), "path": .string(Self.secretPath(folder, $0))]
                    }),
            ]
            if isOptional { source["optional"] = true }
            return ["secret": source]
        }
        // Optional: a database starts also when its application's Secret is gone, and the agent says what is wrong with it.
        let application = application.map {
            credentials($0.secret, MemberPod.applicationFolder, isOptional: true)
        }
        return [
            [
                "name": "matriarch",
                "projected": [
                    "defaultMode": 0o440,
                    "sources": .array(
                        [
                            ["configMap": ["name": .string(scope.agentConfigMap)]],
                            credentials(scope.superuserSecret, "superuser"),
                            credentials(scope.replicationSecret, "replication"),
                            credentials(scope.rewindSecret, "rewind"),
                        ] + [application].compactMap(\.self) + scriptSources),
                ],
            ],
            ["name": "run", "emptyDir": ["medium": "Memory", "sizeLimit": "16Mi"]],
            ["name": "shm", "emptyDir": ["medium": "Memory"]],
            ["name": "tmp", "emptyDir": [:]],
        ]
    }

    /// Optional: they are wanted only until there is a cluster, and whoever removes them then keeps no database from starting.
    private var scriptSources: [JSONValue] {
        spec.bootstrap.initdb.mountedScripts.map { reference in
            let path = Self.secretPath(MemberPod.scriptsFolder, reference.path)
            return [
                "configMap": [
                    "name": .string(reference.configMap), "optional": true,
                    "items": [["key": .string(reference.key), "path": .string(path)]],
                ]
            ]
        }
    }

    /// Of a key of a Secret, below /etc/matriarch.
    static func secretPath(_ folder: String, _ key: String) -> String { "secrets/\(folder)/\(key)" }

    /// Optional: scripts that are missing keep no database from starting. Its contents change without a restart.
    private var callbackVolumes: [JSONValue] {
        guard let callbacks = spec.callbacks else { return [] }
        return [
            [
                "name": "callbacks",
                "configMap": ["name": .string(callbacks.configMapName), "defaultMode": 0o555, "optional": true],
            ]
        ]
    }

    private static func port(_ name: String, _ number: Int) -> JSONValue {
        ["name": .string(name), "containerPort": JSONValue(number), "protocol": "TCP"]
    }

    private static func probe(
        _ path: String, at port: String, period: Int, timeout: Int, failures: Int
    ) -> JSONValue {
        [
            "httpGet": ["path": .string(path), "port": .string(port), "scheme": "HTTP"],
            "periodSeconds": JSONValue(period), "timeoutSeconds": JSONValue(timeout),
            "failureThreshold": JSONValue(failures),
        ]
    }

    /// Members prefer different hosts, and run together when there are not enough.
    private var defaultAffinity: JSONValue {
        [
            "podAntiAffinity": [
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    [
                        "weight": 100,
                        "podAffinityTerm": [
                            "topologyKey": .string(Labels.hostname),
                            "labelSelector": ["matchLabels": JSONValue(podSelector)],
                        ],
                    ]
                ]
            ]
        ]
    }

    private var defaultSpread: JSONValue {
        [
            [
                "maxSkew": 1, "topologyKey": .string(Labels.zone), "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": ["matchLabels": JSONValue(podSelector)],
            ]
        ]
    }
}
