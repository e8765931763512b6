import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import TestSupport
import Testing
import YAML

@Suite struct DefinitionTests {
    @Test func `every version the server can behave as accepts the definition and a cluster`() async throws {
        let versions = try await ExtensionsServer.versions()
        #expect(versions.count >= 3)
        for version in versions {
            let server = try await ExtensionsServer.start(beside: ControlPlane.shared(), emulating: version)
            let outcome: Result<Void, any Error>
            do {
                try await Admission.install(CustomResourceDefinition.object, on: server.client)
                let namespace = try await server.plane.namespace(prefix: "definition")
                _ = try await server.client.createRaw(
                    PostgresCluster.resource, body: ["metadata": ["name": "demo"], "spec": minimalSpec],
                    namespace: namespace, options: WriteOptions(fieldValidation: .strict))
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            try await server.stop()
            #expect(throws: Never.self, "\(version)") { try outcome.get() }
        }
    }

    /// What people apply: the file, and the definition inside the rendered manifest.
    @Test(arguments: ["manifests/crd/matriarch.dev_postgresclusters.yaml", "manifests/install.yaml"])
    func `the definition in the repository is accepted without a warning about fields`(_ path: String) async throws {
        let server = try await ExtensionsServer.shared()
        let documents = try YAML.parseAll(try repositoryFile(path))
        let definitions = documents.filter { $0["kind"] == "CustomResourceDefinition" }
        try #require(definitions.count == 1, "\(path)")
        try await expectAccepted(definitions[0], by: server.client)
    }

    @Test func `the definition in the chart is accepted`() async throws {
        let server = try await ExtensionsServer.shared()
        // The template has actions on lines of their own, around the object.
        let text = try repositoryFile("charts/matriarch/templates/crds.yaml").split(separator: "\n")
            .filter { !$0.hasPrefix("{{") }.joined(separator: "\n")
        let definition = try YAML.parse(text)
        #expect(
            definition.value(at: "metadata", "annotations", "helm.sh/resource-policy") == "keep",
            "uninstalling must not delete every cluster")
        try await expectAccepted(definition, by: server.client)
    }

    private func expectAccepted(_ definition: JSONValue, by client: KubernetesClient) async throws {
        // Under another name and group nobody else has: it must not be there yet.
        var definition = definition
        let group = "s\(String(UInt64.random(in: 0..<UInt64.max), radix: 36)).example"
        definition["metadata"]?["name"] = .string("postgresclusters.\(group)")
        definition["spec"]?["group"] = .string(group)
        let stored = try await client.createRaw(
            .customResourceDefinition, body: definition,
            options: WriteOptions(isDryRun: true, fieldValidation: .strict))
        // Nothing was dropped on the way.
        #expect(
            stored.value(at: "spec", "versions")?[0]?["schema"]
                == definition.value(at: "spec", "versions")?[0]?["schema"])
    }

    /// The words this server had for the schema before: what these tests are for can be seen.
    @Test func `a rule that reads what may be absent is refused by this server`() async throws {
        let server = try await ExtensionsServer.shared()
        var definition = CustomResourceDefinition.object
        let path = ["schema", "openAPIV3Schema", "properties", "spec", "properties", "postgresql"]
        var version = try #require(definition.value(at: "spec", "versions")?[0])
        version = try replacing(
            version, at: path[...],
            member: "x-kubernetes-validations",
            with: [["rule": "!('wal_level' in self.parameters)", "message": "no wal_level"]])
        definition["spec"]?["versions"] = [version]
        definition["metadata"]?["name"] = "postgresclusters.unguarded.example"
        definition["spec"]?["group"] = "unguarded.example"
        do throws(KubernetesError) {
            _ = try await server.client.createRaw(
                .customResourceDefinition, body: definition, options: WriteOptions(isDryRun: true))
            Issue.record("accepted")
        } catch {
            #expect(error.message.contains("no such key: parameters evaluating rule: no wal_level"), "\(error)")
        }
    }

    private func replacing(
        _ value: JSONValue, at path: ArraySlice<String>, member: String, with new: JSONValue
    ) throws -> JSONValue {
        var value = value
        guard let step = path.first else {
            value[member] = new
            return value
        }
        value[step] = try replacing(
            try #require(value[step], "\(step)"), at: path.dropFirst(), member: member, with: new)
        return value
    }
}
