import ClusterRecords
import HighAvailability
import KubernetesClient
import KubernetesModels
import KubernetesStore
import TestSupport
import Testing
import Units

@testable import ClusterStore

/// Against the real API server, which serves v1beta1.
@Suite struct RouteStoreTests {
    private struct Fixture {
        let store: KubernetesRouteStore
        let client: KubernetesClient
        let resource: APIResource

        init() async throws {
            let fixture = try await StoreFixture(.configMap)
            client = fixture.client
            store = KubernetesRouteStore(client: client, scope: fixture.scope)
            resource = try #require(try await store.servedVersion())
        }

        func object(_ name: String = "demo-primary") async throws -> JSONValue {
            try await client.getRaw(resource, name: name, namespace: store.scope.namespace)
        }

        func step(_ slice: RouteSlice, over found: StoredRoute?, _ reign: Reign) -> RouteStep {
            store.step(slice, over: found, under: reign, isLockRead: false, as: resource)
        }
    }

    private static let owner = RouteOwner(
        apiVersion: "matriarch.dev/v1alpha1", kind: "PostgresCluster", name: "demo", uid: "u-1")

    private static func slice(_ member: String = "demo-0", _ address: String = "10.1.2.3") -> RouteSlice {
        RouteSlice(
            to: RoutingTarget(
                address: address, port: 5432, pod: member, podUID: "uid-of-\(member)", node: "node-1"), owner: owner)
    }

    private static func reign(_ member: String = "demo-0", epoch: Int64 = 4) throws -> Reign {
        let holder = HolderIdentity(member: member, podUID: "uid-of-\(member)", nonce: "n")
        return try #require(
            Reign(LockRecord(version: "a", leader: member, identity: holder, epoch: epoch, objectUID: "lock")))
    }

    @Test func `the served version is asked for, and what it stores is what was meant`() async throws {
        let fixture = try await Fixture()
        #expect(fixture.resource == .endpointSliceV1Beta1)
        let reign = try Self.reign()
        for (slice, name, type) in [
            (Self.slice(), "demo-primary", "IPv4"), (Self.slice("demo-0", "fd00::17"), "demo-primary-ipv6", "IPv6"),
        ] {
            let written = try await fixture.store.write(slice, over: nil, under: reign, as: fixture.resource)
            #expect(fixture.step(slice, over: written, reign) == .rest)
            #expect(written.members == ["demo-0"] && written.reign == reign)
            let object = try await fixture.object(name)
            #expect(object["addressType"]?.stringValue == type)
            let labels = object.value(at: "metadata", "labels")
            #expect(labels?["kubernetes.io/service-name"] == "demo")
            #expect(labels?["endpointslice.kubernetes.io/managed-by"] == "matriarch.dev")
            #expect(labels?["cluster-name"] == "demo")
            #expect(object.value(at: "metadata", "ownerReferences")?[0]?["uid"] == "u-1")
            let endpoint = object["endpoints"]?[0]
            #expect(endpoint?["addresses"] == [.string(slice.target.address)])
            #expect(endpoint?.value(at: "conditions", "ready") == true)
            #expect(endpoint?.value(at: "targetRef", "uid") == "uid-of-demo-0")
            #expect(endpoint?["topology"]?["kubernetes.io/hostname"] == "node-1")
            #expect(object["ports"] == [["name": "postgres", "port": 5432, "protocol": "TCP"]])
        }
    }

    @Test func `in v1 the node has a field of its own`() throws {
        let scope = Scope(namespace: "default", cluster: "demo")
        let endpoint = Self.slice().body(scope, as: .endpointSlice)["endpoints"]?[0]
        #expect(endpoint?["nodeName"] == "node-1" && endpoint?["topology"] == nil)
    }

    @Test func `a write over what has changed since is refused, and what is there is read`() async throws {
        let fixture = try await Fixture()
        let (former, next) = (try Self.reign(), try Self.reign("demo-1", epoch: 5))
        let first = try await fixture.store.write(Self.slice(), over: nil, under: former, as: fixture.resource)
        let second = try await fixture.store.write(
            Self.slice("demo-1", "10.1.2.4"), over: first.version, under: next, as: fixture.resource)
        #expect(second.members == ["demo-1"])
        // The write of a leader that froze after it had read, and one that thought there was none.
        await #expect(throws: KubernetesError.self) {
            try await fixture.store.write(Self.slice(), over: first.version, under: former, as: fixture.resource)
        }
        await #expect(throws: KubernetesError.self) {
            try await fixture.store.write(Self.slice(), over: nil, under: former, as: fixture.resource)
        }
        let found = try #require(try await fixture.store.read(.ipv4, as: fixture.resource))
        #expect(found == second)
        #expect(fixture.step(Self.slice(), over: found, former) == .yield(to: next))
    }

    @Test func `whatever somebody changes that matters is seen, and nothing else`() async throws {
        let fixture = try await Fixture()
        let reign = try Self.reign()
        var stored = try await fixture.store.write(Self.slice(), over: nil, under: reign, as: fixture.resource)
        let harmless: [JSONValue] = [
            ["metadata": ["annotations": ["note": "seen"]]], ["metadata": ["labels": ["team": "a"]]],
        ]
        let harmful: [JSONValue] = [
            ["endpoints": []],
            ["endpoints": [["addresses": ["10.1.2.9"], "conditions": ["ready": true]]]],
            ["endpoints": [["addresses": ["10.1.2.3", "10.1.2.9"], "conditions": ["ready": true]]]],
            ["ports": [["name": "postgres", "port": 5433]]],
            ["metadata": ["labels": ["kubernetes.io/service-name": "other"]]],
            ["metadata": ["labels": ["endpointslice.kubernetes.io/managed-by": .null]]],
            ["metadata": ["ownerReferences": .null]],
        ]
        for (patches, isHarmful) in [(harmless, false), (harmful, true)] {
            for patch in patches {
                _ = try await fixture.client.mergePatchRaw(
                    fixture.resource, name: "demo-primary", namespace: fixture.store.scope.namespace, body: patch)
                let found = try #require(try await fixture.store.read(.ipv4, as: fixture.resource))
                let step = fixture.step(Self.slice(), over: found, reign)
                #expect(step == (isHarmful ? .write(over: found.version) : .rest), "\(patch.serialized())")
                stored = try await fixture.store.write(
                    Self.slice(), over: found.version, under: reign, as: fixture.resource)
                #expect(fixture.step(Self.slice(), over: stored, reign) == .rest, "\(patch.serialized())")
            }
        }
    }

    @Test func `an agent reads, follows and writes its cluster's slices with its Role, and no others`() async throws {
        let controlPlane = try await ControlPlane.shared()
        let fixture = try await Fixture()
        let namespace = fixture.store.scope.namespace
        for (resource, body) in Self.rights(namespace) {
            _ = try await fixture.client.createRaw(resource, body: body, namespace: namespace)
        }
        let stranger = KubernetesClient(configuration: controlPlane.stranger)
        let store = KubernetesRouteStore(client: stranger, scope: fixture.store.scope)
        let resource = try #require(try await store.servedVersion())
        let reign = try Self.reign()
        let first = try await eventually(
            "the rights are in force",
            // Refused until they are.
            { try? await store.write(Self.slice(), over: nil, under: reign, as: resource) }
        ) { $0 != nil }
        _ = try await store.write(Self.slice(), over: first?.version, under: reign, as: resource)
        #expect(try await store.read(.ipv4, as: resource) != nil)
        let (sights, sight) = AsyncStream<StoredRoute?>.makeStream()
        let following = Task { try await store.follow(.ipv4, as: resource) { sight.yield($0) } }
        for await route in sights {
            #expect(route?.members == ["demo-0"])
            break
        }
        following.cancel()
        let error = await #expect(throws: KubernetesError.self) {
            _ = try await stranger.listRaw(resource, namespace: namespace)
        }
        #expect(error?.isForbidden == true)
    }

    /// As the operator's Role for the agents says it.
    private static func rights(_ namespace: String) -> [(APIResource, JSONValue)] {
        func resource(_ kind: String) -> APIResource {
            APIResource(
                group: "rbac.authorization.k8s.io", version: "v1", kind: kind, plural: kind.lowercased() + "s",
                isNamespaced: true)
        }
        return [
            (
                resource("Role"),
                [
                    "metadata": ["name": "agents"],
                    "rules": [
                        [
                            "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"],
                            "resourceNames": ["demo-primary", "demo-primary-ipv6"],
                            "verbs": ["get", "list", "watch", "patch"],
                        ],
                        [
                            "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["create"],
                        ],
                    ],
                ]
            ),
            (
                resource("RoleBinding"),
                [
                    "metadata": ["name": "agents"],
                    "roleRef": [
                        "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "agents",
                    ],
                    "subjects": [
                        ["kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "stranger"]
                    ],
                ]
            ),
        ]
    }
}
