import ClusterRecords
import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import TestSupport
import Testing

/// `matriarch report` as people run it.
@Suite(.timeLimit(.minutes(2))) struct ReportTests {
    /// Each is planted in another place.
    private static let planted = [
        "kept-in-a-secret", "in-a-variable", "in-an-hba-line", "in-a-parameter", "in-a-url", "in-an-annotation",
        "in-an-event", "in-the-store", "in-a-statement", "in-last-applied",
    ]

    private func plant(_ line: CommandLineLab) async throws {
        let namespace = line.lab.namespace
        let labels = JSONValue(Labels.all(cluster: "demo", component: "credentials"))
        _ = try await line.lab.client.createRaw(
            Secret.resource,
            body: [
                "metadata": ["name": "demo-app", "labels": labels],
                "stringData": ["username": "app", "password": "kept-in-a-secret"],
            ], namespace: namespace)
        _ = try await line.lab.client.createRaw(
            Pod.resource,
            body: [
                "metadata": [
                    "name": "demo-3", "labels": JSONValue(Labels.all(cluster: "demo", component: "postgres")),
                ],
                "spec": [
                    "containers": [
                        ["name": "postgres", "image": "none", "env": [["name": "PLAIN", "value": "in-a-variable"]]]
                    ]
                ],
            ], namespace: namespace)
        let status: JSONValue = [
            "state": "running", "role": "replica",
            "problem": "cannot connect with host=x password=in-an-annotation user=y",
        ]
        _ = try await line.lab.client.mergePatchRaw(
            Pod.resource, name: "demo-1", namespace: namespace,
            body: ["metadata": ["annotations": ["status": .string(status.serialized())]]])
        try await line.lab.annotate(
            "demo-config",
            [
                "config": #"{"postgresql":{"parameters":{"restore_command":"cp --key in-the-store"}}}"#,
                "matriarch.dev/switchover-result":
                    #"{"outcome":"failed","reason":"ALTER ROLE app PASSWORD 'in-a-statement' with kept-in-a-secret"}"#,
                "kubectl.kubernetes.io/last-applied-configuration": #"{"password":"in-last-applied"}"#,
            ])
        _ = try await line.lab.client.createRaw(
            Event.resource,
            body: [
                "metadata": ["name": "demo.1"], "eventTime": "2026-11-21T00:00:00.000000Z", "reason": "Told",
                "reportingController": "matriarch.dev/operator", "reportingInstance": "x", "action": "Tell",
                "type": "Normal", "note": "passwort: in-an-event, https://user:in-a-url@host/",
                "regarding": [
                    "kind": "PostgresCluster", "name": "demo", "namespace": .string(namespace),
                    "apiVersion": "matriarch.dev/v1alpha1",
                ],
            ], namespace: namespace)
    }

    @Test func `a report has what a fault is found by, and no secret from wherever it stood`() async throws {
        let line = try await CommandLineLab(cluster: [
            "postgresql": [
                "parameters": ["my.secret": "in-a-parameter"],
                "pgHBA": ["host all all all ldap ldapserver=x ldapbindpasswd=in-an-hba-line ldapprefix=y"],
            ]
        ])
        try await line.bringUp(history: #"[[1,83886176,"reason","2026-11-21T01:00:00+00:00","demo-0"]]"#)
        try await plant(line)
        let folder = try line.programs([:])
        let outcome = try await line.run("report", "demo", "-o", "\(folder)/report.tar.gz")
        #expect(outcome.status == 0, "\(outcome.error)")
        let unpacked = try await BuiltProgram.shell(
            "cd '\(folder)' && stat -c %a report.tar.gz && tar -xzf report.tar.gz && cd matriarch-report-* && find . -type f | sort"
        )
        let names = unpacked.split(separator: "\n")
        #expect(names.first == "600")
        for name in ["resource", "pods", "services", "configmaps", "events", "secrets"] {
            #expect(names.contains("./\(name).yaml"), "\(name)")
        }
        #expect(names.contains("./logs/demo-0.log"))
        for name in ["status", "history", "versions", "problems"] {
            #expect(names.contains("./\(name).txt"), "\(name)")
        }
        for secret in Self.planted {
            // In base64 too.
            let found = try await BuiltProgram.shell(
                "cd '\(folder)'/matriarch-report-*/ && grep -rlF -e '\(secret)' -e \"$(printf %s '\(secret)' | base64)\" . || true"
            )
            #expect(found == "", "\(secret) stands in \(found)")
        }
        // Nothing was taken out that has to be there.
        let kept = try await BuiltProgram.shell(
            "cd '\(folder)'/matriarch-report-*/ && cat resource.yaml events.yaml configmaps.yaml pods.yaml secrets.yaml problems.txt"
        )
        for text in [
            "image: matriarch-postgres:15", "ldapserver=x ldapbindpasswd=(hidden) ldapprefix=y", "reason: Told",
            "7123456789012345678", "cannot connect with host=x password=(hidden) user=y", "- password",
        ] {
            #expect(kept.contains(text), "\(text)")
        }
        _ = try await BuiltProgram.shell("rm -rf '\(folder)'")
    }

    @Test func `an archive that cannot be written is an error`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let outcome = try await line.run("report", "demo", "-o", "/nowhere/report.tar.gz")
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("Error: tar ended with status"))
    }
}
