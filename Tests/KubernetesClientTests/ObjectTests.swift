import KubernetesClient
import KubernetesModels
import TestSupport
import Testing

@Suite("Objects at a real API server")
struct ObjectTests {
    @Test func `what is created can be read, and a second create says it exists`() async throws {
        let fixture = try await APIServerFixture()
        let created = try await fixture.createConfigMap("one", ["a": "1"])
        let read = try await fixture.client.get(ConfigMap.self, name: "one", namespace: fixture.namespace)
        #expect(read == created)
        #expect(read.metadata.uid?.isEmpty == false)

        let error = try #require(
            await failure { () async throws(KubernetesError) in
                try await fixture.client.create(
                    ConfigMap(metadata: ObjectMeta(name: "one")), namespace: fixture.namespace)
            })
        #expect(error.isAlreadyExists && !error.isConflict && error.isKnownNotApplied)
    }

    @Test func `the metadata of an object is read without what it holds, and is that of the whole`() async throws {
        let fixture = try await APIServerFixture()
        let created = try await fixture.createConfigMap("one", ["a": "1"])
        let metadata = try await fixture.client.getMetadata(
            ConfigMap.resource, name: "one", namespace: fixture.namespace)
        #expect(metadata.name == "one" && metadata.resourceVersion == created.metadata.resourceVersion)
        let error = try #require(
            await failure { () async throws(KubernetesError) in
                try await fixture.client.getMetadata(ConfigMap.resource, name: "absent", namespace: fixture.namespace)
            })
        #expect(error.isNotFound)
    }

    @Test func `an object that is not there is not found`() async throws {
        let fixture = try await APIServerFixture()
        let error = try #require(
            await failure { () async throws(KubernetesError) in
                try await fixture.client.get(ConfigMap.self, name: "absent", namespace: fixture.namespace)
            })
        #expect(error.isNotFound && error.status == 404)
    }

    @Test func `replacing a version that is no longer current conflicts and changes nothing`() async throws {
        let fixture = try await APIServerFixture()
        var mine = try await fixture.createConfigMap("lock", ["holder": "nobody"])
        var theirs = mine
        theirs.data = ["holder": "them"]
        let won = try await fixture.client.replace(theirs)
        mine.data = ["holder": "me"]
        let error = try #require(
            await failure { () async throws(KubernetesError) in
                try await fixture.client.replace(mine)
            })
        #expect(error.isConflict && error.isKnownNotApplied)
        let now = try await fixture.client.get(ConfigMap.self, name: "lock", namespace: fixture.namespace)
        #expect(now == won)
    }

    @Test func `a merge patch with an old resourceVersion conflicts, with the current one it lands`() async throws {
        let fixture = try await APIServerFixture()
        let first = try await fixture.createConfigMap("lock", ["holder": "a", "gone": "soon"])
        func patch(_ version: String?) -> JSONValue {
            ["metadata": ["resourceVersion": JSONValue(version ?? "")], "data": ["holder": "b", "gone": nil]]
        }
        let second = try await fixture.client.mergePatch(
            ConfigMap.self, name: "lock", namespace: fixture.namespace, body: patch(first.metadata.resourceVersion))
        #expect(second.data == ["holder": "b"])
        let error = try #require(
            await failure { () async throws(KubernetesError) in
                try await fixture.client.mergePatch(
                    ConfigMap.self, name: "lock", namespace: fixture.namespace,
                    body: patch(first.metadata.resourceVersion))
            })
        #expect(error.isConflict)
    }

    @Test func `a JSON patch applies all of its operations or none`() async throws {
        let fixture = try await APIServerFixture()
        _ = try await fixture.client.create(
            ConfigMap(metadata: ObjectMeta(name: "patched", annotations: ["b/c": "2", "kept": "1"]), data: ["a": "1"]),
            namespace: fixture.namespace)
        let patched = try await fixture.client.jsonPatch(
            ConfigMap.self, name: "patched", namespace: fixture.namespace,
            operations: [
                .test(path: "/data/a", value: "1"), .replace(path: "/data/a", value: "3"),
                .remove(path: "/metadata/annotations/" + JSONPatchOperation.escaped("b/c")),
                .add(path: "/data/d", value: "4"),
            ])
        #expect(patched.data == ["a": "3", "d": "4"])
        #expect(patched.metadata.annotations == ["kept": "1"])
        let error = try #require(
            await failure { () async throws(KubernetesError) in
                try await fixture.client.jsonPatch(
                    ConfigMap.self, name: "patched", namespace: fixture.namespace,
                    operations: [.replace(path: "/data/d", value: "5"), .test(path: "/data/a", value: "other")])
            })
        #expect(error.code == .invalidObject)
        let now = try await fixture.client.get(ConfigMap.self, name: "patched", namespace: fixture.namespace)
        #expect(now.data == ["a": "3", "d": "4"])
    }

    @Test func `server-side apply conflicts with another manager's field until it is forced`() async throws {
        let fixture = try await APIServerFixture()
        func apply(_ value: String, by manager: String, force: Bool) async throws(KubernetesError) -> ConfigMap {
            try await fixture.client.apply(
                ConfigMap.self, name: "applied", namespace: fixture.namespace, body: ["data": ["key": .string(value)]],
                fieldManager: manager, force: force)
        }
        _ = try await apply("first", by: "one", force: false)
        let error = try #require(
            await failure { () async throws(KubernetesError) in
                try await apply("second", by: "two", force: false)
            })
        #expect(error.isConflict)
        #expect(try await apply("second", by: "two", force: true).data == ["key": "second"])
    }

    @Test func `a field that is no longer applied is removed`() async throws {
        let fixture = try await APIServerFixture()
        for data: JSONValue in [["a": "1", "b": "2"], ["a": "1"]] {
            _ = try await fixture.client.applyRaw(
                ConfigMap.resource, name: "shrinking", namespace: fixture.namespace, body: ["data": data],
                fieldManager: "one")
        }
        let now = try await fixture.client.get(ConfigMap.self, name: "shrinking", namespace: fixture.namespace)
        #expect(now.data == ["a": "1"])
    }

    @Test func `a delete meant for another uid is refused`() async throws {
        let fixture = try await APIServerFixture()
        let created = try await fixture.createConfigMap("twin")
        let error = try #require(
            await failure { () async throws(KubernetesError) in
                try await fixture.client.delete(
                    ConfigMap.self, name: "twin", namespace: fixture.namespace,
                    uid: "00000000-0000-0000-0000-000000000000")
            })
        #expect(error.isConflict)
        let stale = try #require(
            await failure { () async throws(KubernetesError) in
                try await fixture.client.delete(
                    ConfigMap.self, name: "twin", namespace: fixture.namespace, resourceVersion: "1")
            })
        #expect(stale.isConflict)
        try await fixture.client.delete(
            ConfigMap.self, name: "twin", namespace: fixture.namespace, uid: created.metadata.uid,
            propagation: .background)
        let gone = await failure { () async throws(KubernetesError) in
            try await fixture.client.get(ConfigMap.self, name: "twin", namespace: fixture.namespace)
        }
        #expect(gone?.isNotFound == true)
    }

    @Test func `a status patch changes the status and nothing else`() async throws {
        let fixture = try await APIServerFixture()
        _ = try await fixture.client.createRaw(Pod.resource, body: Self.pod("p"), namespace: fixture.namespace)
        let patched = try await fixture.client.mergePatch(
            Pod.self, name: "p", namespace: fixture.namespace,
            body: ["metadata": ["labels": ["role": "primary"]], "status": ["phase": "Running", "podIP": "10.1.2.3"]],
            subresource: "status")
        #expect(patched.status?.phase == "Running")
        #expect(patched.status?.podIP == "10.1.2.3")
        #expect(patched.spec?.containers?.first?.image == "none")
    }

    @Test func `the scale subresource sets replicas`() async throws {
        let fixture = try await APIServerFixture()
        let template: JSONValue = [
            "metadata": ["labels": ["app": "x"]], "spec": ["containers": [["name": "c", "image": "none"]]],
        ]
        _ = try await fixture.client.createRaw(
            StatefulSet.resource,
            body: [
                "metadata": ["name": "set"],
                "spec": [
                    "replicas": 1, "serviceName": "x", "selector": ["matchLabels": ["app": "x"]], "template": template,
                ],
            ], namespace: fixture.namespace)
        let replicas = try await fixture.client.setScale(
            StatefulSet.resource, name: "set", namespace: fixture.namespace, replicas: 3)
        #expect(replicas == 3)
        let now = try await fixture.client.get(StatefulSet.self, name: "set", namespace: fixture.namespace)
        #expect(now.spec?.replicas == 3)
    }

    @Test func `a user without rights is forbidden, an unknown token unauthorized`() async throws {
        let fixture = try await APIServerFixture()
        for (configuration, check) in [
            (fixture.controlPlane.stranger, \KubernetesError.isForbidden),
            (fixture.controlPlane.configuration(credential: .token("wrong")), \KubernetesError.isUnauthorized),
        ] {
            let client = KubernetesClient(configuration: configuration)
            let error = try #require(
                await failure { () async throws(KubernetesError) in
                    try await client.get(ConfigMap.self, name: "any", namespace: fixture.namespace)
                })
            #expect(error[keyPath: check])
            #expect(!"\(error)".contains("wrong"))
        }
    }

    @Test func `an invalid object is refused with the server's reason`() async throws {
        let fixture = try await APIServerFixture()
        let error = try #require(
            await failure { () async throws(KubernetesError) in
                try await fixture.client.create(
                    ConfigMap(metadata: ObjectMeta(name: "Not_A_Name")), namespace: fixture.namespace)
            })
        #expect(error.code == .invalidObject && error.reason == "Invalid")
    }

    @Test func `leases and events keep their microseconds`() async throws {
        let fixture = try await APIServerFixture()
        let time = MicroTime(Timestamp(microsecondsSince1970: 1_700_000_000_000_000))
        let lease = Lease(
            metadata: ObjectMeta(name: "lease"),
            spec: LeaseSpec(holderIdentity: "me", leaseDurationSeconds: 15, acquireTime: time, renewTime: time))
        #expect(try await fixture.client.create(lease, namespace: fixture.namespace).spec?.renewTime == time)
        let event = Event(
            metadata: ObjectMeta(name: "event"), eventTime: time, reportingController: "matriarch.dev/test",
            reportingInstance: "test", action: "Test", reason: "Tested",
            regarding: ObjectReference(apiVersion: "v1", kind: "ConfigMap", namespace: fixture.namespace, name: "x"),
            note: "note", type: "Normal")
        #expect(try await fixture.client.create(event, namespace: fixture.namespace).eventTime == time)
    }

    @Test func `a kind that is not served is known as such`() async throws {
        let fixture = try await APIServerFixture()
        #expect(try await fixture.client.serves(ConfigMap.resource))
        #expect(try await fixture.client.serves(Lease.resource))
        let unknown = APIResource(
            group: "nowhere.example", version: "v1", kind: "Nothing", plural: "nothings", isNamespaced: true)
        #expect(try await fixture.client.serves(unknown) == false)
        #expect(try await fixture.client.serverVersion().hasPrefix("v1."))
    }

    static func pod(_ name: String, labels: [String: String] = [:]) -> JSONValue {
        [
            "metadata": ["name": .string(name), "labels": JSONValue(labels)],
            "spec": ["containers": [["name": "postgres", "image": "none"]]],
        ]
    }
}
