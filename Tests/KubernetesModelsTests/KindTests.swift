import KubernetesModels
import Testing

@Suite("Kinds")
struct KindTests {
    @Test func `a Pod is read leniently`() throws {
        let json: JSONValue = [
            "apiVersion": "v1", "kind": "Pod", "unknown": ["x": 1],
            "metadata": [
                "name": "demo-0", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [["a": 1]],
            ],
            "spec": ["nodeName": "n1", "containers": [["name": "postgres", "resources": ["limits": ["cpu": "1"]]]]],
            "status": [
                "phase": "Running", "podIP": "10.0.0.1", "podIPs": [["ip": "10.0.0.1"]],
                "containerStatuses": [
                    [
                        "name": "postgres", "ready": false, "restartCount": 2, "containerID": "containerd://b",
                        "state": ["running": ["startedAt": "2026-01-01T00:00:01Z"]],
                        "lastState": ["terminated": ["exitCode": 137, "containerID": "containerd://a"]],
                    ]
                ],
            ],
        ]
        let pod = try json.decoded(as: Pod.self)
        #expect(pod.spec?.nodeName == "n1")
        let status = try #require(pod.status?.containerStatuses?.first)
        #expect(status.restartCount == 2 && status.state?.running != nil && status.state?.terminated == nil)
        #expect(status.lastState?.terminated?.exitCode == 137)
        #expect(status.lastState?.terminated?.containerID == "containerd://a")
    }

    @Test func `what is absent is absent in JSON, never null`() throws {
        let json = try ConfigMap(metadata: ObjectMeta(name: "x")).jsonValue()
        #expect(json == ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "x"]])
    }

    @Test func `an owner reference makes the owner the controller`() throws {
        let owner = ConfigMap(metadata: ObjectMeta(name: "x", uid: "u"))
        let reference = try #require(owner.ownerReference())
        #expect(reference.uid == "u" && reference.controller == true && reference.kind == "ConfigMap")
        #expect(ConfigMap(metadata: ObjectMeta(name: "x")).ownerReference() == nil)
    }

    @Test func `a Secret's values are decoded and never shown`() throws {
        let secret = Secret(metadata: ObjectMeta(name: "s"), data: ["password": Secret.encoded("hünter2")])
        #expect(secret.decodedString("password") == "hünter2")
        #expect(secret.decodedValue("absent") == nil)
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", dumped] {
            #expect(!text.contains(Secret.encoded("hünter2")))
        }
    }

    @Test(arguments: [
        (Pod.resource, "/api/v1", "pods"),
        (Lease.resource, "/apis/coordination.k8s.io/v1", "leases.coordination.k8s.io"),
    ])
    func `paths and names follow the group`(resource: APIResource, path: String, name: String) {
        #expect(resource.groupVersionPath == path && resource.description == name)
    }
}
