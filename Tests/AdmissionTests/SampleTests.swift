import FoundationEssentials
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import Testing
import YAML

@Suite struct SampleTests {
    @Test func `every sample is accepted and nothing of it is dropped`() async throws {
        let admission = try await Admission()
        let folder = "manifests/samples"
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(repositoryRoot)/\(folder)").sorted()
        #expect(names.count >= 2)
        for name in names {
            for document in try YAML.parseAll(try repositoryFile("\(folder)/\(name)")) {
                try await expectAccepted(document, by: admission, name)
            }
        }
    }

    @Test func `every cluster in the documentation is accepted`() async throws {
        let admission = try await Admission()
        var count = 0
        for page in try Self.pages() {
            for block in try Self.yamlBlocks(in: repositoryFile(page)) where block.contains("kind: PostgresCluster\n") {
                for document in try YAML.parseAll(block) where document["kind"] == "PostgresCluster" {
                    try await expectAccepted(document, by: admission, page)
                    count += 1
                }
            }
        }
        #expect(count >= 1, "no page shows a cluster; the blocks are not found")
    }

    private func expectAccepted(_ document: JSONValue, by admission: Admission, _ origin: String) async throws {
        var object = document
        #expect(document["apiVersion"]?.stringValue == PostgresCluster.resource.apiVersion, "\(origin)")
        object["metadata"]?["namespace"] = .string(admission.namespace)
        let answer = try await admission.answer(to: object)
        #expect(answer.isAccepted, "\(origin): \(answer)")
        #expect(validate(try object.decoded(), previous: nil) == [], "\(origin)")
    }

    private static func pages() throws -> [String] {
        let files = try FileManager.default.subpathsOfDirectory(atPath: "\(repositoryRoot)/docs")
        return ["README.md", "CONTRIBUTING.md"] + files.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    }

    /// The contents of fenced blocks marked as YAML.
    private static func yamlBlocks(in page: String) throws -> [String] {
        var blocks: [String] = []
        var current: String?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if let block = current {
                if line.hasPrefix("```") {
                    blocks.append(block)
                    current = nil
                } else {
                    current = block + line + "\n"
                }
            } else if line.hasPrefix("```yaml") {
                current = ""
            }
        }
        return blocks
    }
}
