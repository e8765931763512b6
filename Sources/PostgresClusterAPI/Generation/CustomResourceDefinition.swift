import ClusterRecords
public import KubernetesModels

/// The CustomResourceDefinition, made from the Swift types.
public enum CustomResourceDefinition {
    /// The whole object, ready to apply.
    public static var object: JSONValue { object(annotations: [:]) }

    /// The object with annotations of whoever installs it.
    public static func object(annotations: [String: String]) -> JSONValue {
        let resource = PostgresCluster.resource
        var metadata: JSONValue = [
            "name": .string("\(resource.plural).\(resource.group)"),
            "labels": [
                Labels.name: .string(Labels.application), Labels.component: .string(Component.definition),
            ],
        ]
        if !annotations.isEmpty { metadata["annotations"] = JSONValue(annotations) }
        return [
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": metadata,
            "spec": [
                "group": .string(resource.group),
                "scope": "Namespaced",
                "names": [
                    "kind": .string(resource.kind), "listKind": .string("\(resource.kind)List"),
                    "plural": .string(resource.plural), "singular": "postgrescluster", "shortNames": ["pgc"],
                    "categories": ["postgres"],
                ],
                "versions": [version],
            ],
        ]
    }

    private static var version: JSONValue {
        [
            "name": .string(PostgresCluster.resource.version), "served": true, "storage": true,
            "schema": ["openAPIV3Schema": schema],
            "subresources": [
                "status": [:],
                "scale": [
                    "specReplicasPath": ".spec.instances", "statusReplicasPath": ".status.instances",
                    "labelSelectorPath": ".status.selector",
                ],
            ],
            "additionalPrinterColumns": .array(columns),
        ]
    }

    /// The schema of the whole resource.
    static var schema: JSONValue {
        [
            "type": "object",
            "description": "PostgresCluster is one highly available PostgreSQL cluster.",
            "required": ["spec"],
            "properties": [
                "apiVersion": ["type": "string", "description": "Version of this representation."],
                "kind": ["type": "string", "description": "PostgresCluster."],
                "metadata": ["type": "object"],
                "spec": .object(PostgresClusterSpec.jsonSchema()),
                "status": .object(PostgresClusterStatus.jsonSchema()),
            ],
        ]
    }

    /// Priority 1 shows with `-o wide` only.
    private static var columns: [JSONValue] {
        func column(
            _ name: String, _ path: String, type: String = "string", priority: Int = 0, _ description: String
        ) -> JSONValue {
            var column: JSONValue = [
                "name": .string(name), "type": .string(type), "jsonPath": .string(path),
                "description": .string(description),
            ]
            if priority > 0 { column["priority"] = .int(Int64(priority)) }
            return column
        }
        return [
            column("READY", ".status.ready", "Members that are ready, of those wanted."),
            column("PRIMARY", ".status.primary", "Member that holds the lock."),
            column("TIMELINE", ".status.timeline", type: "integer", "Timeline of the primary."),
            column("STATUS", #".status.conditions[?(@.type=="Ready")].reason"#, "Reason of the condition Ready."),
            column("SIZE", ".spec.storage.size", priority: 1, "Size of each volume."),
            column("IMAGE", ".spec.image", priority: 1, "Container image."),
            column("AGE", ".metadata.creationTimestamp", type: "date", "Time since creation."),
        ]
    }
}
