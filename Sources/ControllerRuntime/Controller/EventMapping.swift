public import KubernetesModels

/// Ways from a changed object to the key of the resource it belongs to.
public enum EventMapping {
    /// The object itself.
    public static func itself(_ object: some KubernetesResource) -> [ResourceKey] {
        [ResourceKey(object.metadata)]
    }

    /// The owner that controls the object, when it is of this kind.
    public static func controller<R: KubernetesResource>(
        of kind: APIResource
    ) -> @Sendable (R) -> [ResourceKey] {
        { object in
            let owners = object.metadata.ownerReferences ?? []
            guard
                let owner = owners.first(where: {
                    $0.controller == true && $0.kind == kind.kind && group($0.apiVersion) == kind.group
                })
            else { return [] }
            return [ResourceKey(namespace: object.metadata.namespace ?? "", name: owner.name)]
        }
    }

    /// The value of a label is the name, in the object's namespace.
    public static func label<R: KubernetesResource>(_ name: String) -> @Sendable (R) -> [ResourceKey] {
        { object in
            guard let value = object.metadata.labels?[name], !value.isEmpty else { return [] }
            return [ResourceKey(namespace: object.metadata.namespace ?? "", name: value)]
        }
    }

    private static func group(_ apiVersion: String) -> String {
        apiVersion.split(separator: "/").count == 2 ? String(apiVersion.prefix { $0 != "/" }) : ""
    }
}
