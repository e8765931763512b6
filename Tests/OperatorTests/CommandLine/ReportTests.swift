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
        "in-an-event", "in-the-store", "in-a-statement", "in-last-applied", "superuser-sesame", "in-a-quoted-line",
        "in-an-init-statement",
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
            Secret.resource,
            body: [
                "metadata": ["name": "demo-superuser", "labels": labels],
                "stringData": ["password": "superuser-sesame"],
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
                "type": "Normal", "note": "passwort: in-an-event, https://user:in-a-url@host/ and in-a-parameter",
                "regarding": [
                    "kind": "PostgresCluster", "name": "demo", "namespace": .string(namespace),
                    "apiVersion": "matriarch.dev/v1alpha1",
                ],
            ], namespace: namespace)
        // Of another cluster, which begins with the same name.
        _ = try await line.lab.client.createRaw(
            Event.resource,
            body: [
                "metadata": ["name": "demo-prod.1"], "eventTime": "2026-11-21T00:00:00.000000Z", "reason": "Foreign",
                "reportingController": "matriarch.dev/operator", "reportingInstance": "x", "action": "Tell",
                "type": "Normal", "note": "somebody else's",
                "regarding": [
                    "kind": "PostgresCluster", "name": "demo-prod", "namespace": .string(namespace),
                    "apiVersion": "matriarch.dev/v1alpha1",
                ],
            ], namespace: namespace)
    }

    @Test func `a report has what a fault is found by, and no secret from wherever it stood`() async throws {
        let line = try await CommandLineLab(cluster: [
            "bootstrap": [
                "initdb": ["postInitSQL": ["DO 'BEGIN -- a password\nPERFORM set_it($$in-an-init-statement$$); END'"]]
            ],
            "postgresql": [
                "parameters": ["my.secret": "in-a-parameter"],
                "pgHBA": [
                    "host all all all ldap ldapserver=x ldapbindpasswd=in-an-hba-line ldapprefix=y",
                    #"host all all all radius radiusservers=r radiussecrets="""in-a-quoted-line"",""other""""#,
                ],
            ],
        ])
        try await line.bringUp(history: #"[[1,83886176,"reason","2026-11-21T01:00:00+00:00","demo-0"]]"#)
        try await plant(line)
        // A file that is there is closed to others.
        let folder = try line.programs([:])
        _ = try await BuiltProgram.shell("touch '\(folder)/a:report.tar.gz' && chmod 644 '\(folder)/a:report.tar.gz'")
        let outcome = try await line.run("report", "demo", "-o", "\(folder)/a:report.tar.gz")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(!outcome.error.contains("WARNING"))
        let unpacked = try await BuiltProgram.shell(
            "cd '\(folder)' && stat -c %a a:report.tar.gz && tar -xzf - <a:report.tar.gz && cd matriarch-report-* && find . -type f | sort"
        )
        let names = unpacked.split(separator: "\n")
        #expect(names.first == "600")
        for name in ["resource", "pods", "services", "configmaps", "events", "secrets", "endpointslices"] {
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
        #expect(!kept.contains("Foreign"))
        _ = try await BuiltProgram.shell("rm -rf '\(folder)'")
    }

    @Test func `an archive that cannot be written is an error`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let outcome = try await line.run("report", "demo", "-o", "/nowhere/report.tar.gz")
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("Error: cannot write /nowhere/report.tar.gz: "))
    }

    /// Everything in the archive that a run with these rights makes.
    private func unpacked(
        _ line: CommandLineLab, environment: [String: String?] = [:]
    ) async throws -> (outcome: BuiltProgram.Outcome, text: String) {
        let folder = try line.programs([:])
        let outcome = try await line.run("report", "demo", "-o", "\(folder)/r.tar.gz", environment: environment)
        let text = try await BuiltProgram.shell(
            "cd '\(folder)' && { [ ! -e r.tar.gz ] || { tar -xzf r.tar.gz && find matriarch-report-* -type f -exec cat {} +; }; }; rm -rf '\(folder)'"
        )
        return (outcome, text)
    }

    @Test func `a Secret that is gone keeps nobody from taking out the others' values`() async throws {
        let line = try await CommandLineLab(cluster: ["bootstrap": ["initdb": ["secretName": "gone"]]])
        try await line.bringUp()
        try await plant(line)
        // Nothing says that this is a password.
        try await line.lab.annotate("demo-config", ["note": "it is superuser-sesame"])
        let (outcome, text) = try await unpacked(line)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(text.contains("it is (hidden)") && !text.contains("superuser-sesame"))
        #expect(text.contains("gone"))
    }

    @Test func `who may not read Secrets is told that their values may stand in the report`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let config = try await line.kubeconfig(
            mayRead: ["", "matriarch.dev"], ["pods", "configmaps", "postgresclusters"])
        let (outcome, text) = try await unpacked(line, environment: ["KUBECONFIG": config])
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.contains("WARNING: the cluster's Secrets could not be read"))
        #expect(text.contains("WARNING: the cluster's Secrets could not be read"))
        // Endpoints may not be read either, and the report is made of what may be.
        #expect(text.contains("image: matriarch-postgres:15") && text.contains("endpoints is forbidden"))
    }

    @Test func `of a cluster that nobody knows there is no report`() async throws {
        let line = try await CommandLineLab()
        let (outcome, text) = try await unpacked(line)
        #expect(outcome.status == 1 && text == "")
        #expect(outcome.error.hasSuffix("no PostgresCluster demo in namespace \(line.lab.namespace)\n"))
    }
}
