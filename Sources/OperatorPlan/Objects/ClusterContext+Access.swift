import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// What the agents are, and what they may do.
extension ClusterContext {
    func serviceAccount() -> JSONValue {
        object(ServiceAccount.resource, scope.serviceAccount, component: Component.access, [:])
    }

    /// Permissions of the agents, by name wherever the verb allows one.
    ///
    /// `list` and `watch` select by label and `create` has no name yet, so those three cannot be narrowed. Every verb here
    /// is one the operator holds itself; it could not grant it otherwise.
    ///
    /// - Parameters:
    ///   - memberCount: Pods that may be labelled: the wanted ones and those that still exist.
    ///   - writesRoute: whether the leader writes the EndpointSlices of the read-write Service.
    ///   - hasRoles: whether there is a list of declared roles.
    ///   - passwordSecrets: Secrets the agents may read, one by one.
    func role(
        memberCount: Int, writesRoute: Bool, hasRoles: Bool = false, passwordSecrets: [String] = []
    ) -> JSONValue {
        let storeNames = [
            scope.storeLeader(lockObject), scope.storeConfiguration, scope.storeFailover, scope.storeSynchronization,
        ]
        let pods = (0..<memberCount).map(scope.pod)
        var rules: [JSONValue] = [
            Self.rule("", storeResource.plural, ["get", "patch"], names: storeNames),
            Self.rule("", storeResource.plural, ["create", "list", "watch"]),
            Self.rule("", "pods", ["get", "list", "watch"]),
            Self.rule("", "pods", ["patch"], names: pods),
        ]
        if lockObject == .endpoints {
            // OpenShift asks for this before addresses of Pods may be written.
            rules.append(Self.rule("", "endpoints/restricted", ["create"]))
        }
        if writesRoute {
            // Lists and watches are made by name here.
            rules.append(
                Self.rule(
                    Self.discovery, "endpointslices", ["get", "list", "watch", "patch"], names: scope.routeSlices))
            rules.append(Self.rule(Self.discovery, "endpointslices", ["create"]))
            rules.append(Self.rule(Self.discovery, "endpointslices/restricted", ["create"]))
        }
        if hasRoles {
            rules.append(Self.rule("", "configmaps", ["get"], names: [scope.rolesConfigMap]))
            // A rule without names is one about all of them.
            if !passwordSecrets.isEmpty { rules.append(Self.rule("", "secrets", ["get"], names: passwordSecrets)) }
        }
        return object(Role.resource, scope.role, component: Component.access, ["rules": .array(rules)])
    }

    func roleBinding() -> JSONValue {
        object(
            RoleBinding.resource, scope.roleBinding, component: Component.access,
            [
                "roleRef": [
                    "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": .string(scope.role),
                ],
                "subjects": [
                    [
                        "kind": "ServiceAccount", "name": .string(scope.serviceAccount),
                        "namespace": .string(namespace),
                    ]
                ],
            ])
    }

    private static let discovery = APIResource.endpointSlice.group

    private static func rule(
        _ group: String, _ resource: String, _ verbs: [String], names: [String]? = nil
    ) -> JSONValue {
        var rule: JSONValue = [
            "apiGroups": [.string(group)], "resources": [.string(resource)], "verbs": JSONValue(verbs),
        ]
        if let names { rule["resourceNames"] = JSONValue(names) }
        return rule
    }

    /// The passwords of the three database roles.
    func secrets() -> [SecretRequest] {
        [
            (scope.superuserSecret, "postgres"), (scope.replicationSecret, "replicator"),
            (scope.rewindSecret, "rewinder"),
        ].map { name, username in
            SecretRequest(name: name, username: username, metadata: metadata(name, component: Component.credentials))
        }
    }
}
