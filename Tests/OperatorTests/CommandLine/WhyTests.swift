import KubernetesClient
import KubernetesModels
import TestSupport
import Testing

/// `matriarch why` where nobody answers; what real members tell is in MemberTests.
@Suite(.timeLimit(.minutes(2))) struct WhyTests {
    @Test func `who is no member, may not be asked or does not answer is an error that says so`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let namespace = line.lab.namespace
        _ = try await line.lab.client.createRaw(
            Pod.resource,
            body: [
                "metadata": ["name": "job-1"], "spec": ["containers": [["name": "job", "image": "none"]]],
            ], namespace: namespace)
        for (arguments, message) in [
            (["why", "demo-9"], "Error: no member demo-9 in namespace \(namespace)\n"),
            (["why", "job-1"], "Error: Pod job-1 in namespace \(namespace) is no member of a cluster\n"),
        ] {
            let outcome = try await line.run(arguments)
            #expect(outcome.status == 1 && outcome.output == "" && outcome.error == message, "\(outcome)")
        }
        let silent = try await line.run("why", "demo-1")
        #expect(silent.status == 1 && silent.error.hasPrefix("Error: demo-1 does not tell what it decided: "))

        let rights = try await line.kubeconfig(mayRead: [""], ["pods"])
        let forbidden = try await line.run(["why", "demo-1"], environment: ["KUBECONFIG": rights])
        #expect(
            forbidden.error
                == "Error: you may not ask demo-1: that needs the right to get pods/proxy in namespace \(namespace)\n")
        for arguments in [["why"], ["why", "demo-1", "--last", "0"], ["why", "demo-1", "-o", "xml"]] {
            #expect(try await line.run(arguments).status == 64, "\(arguments)")
        }
    }
}
