import FoundationEssentials
import KubernetesModels
import PostgresClusterAPI
import Testing
import YAML

@Suite struct GeneratedFileTests {
    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    private func contents(_ path: String) throws -> String {
        let data = try #require(
            FileManager.default.contents(atPath: "\(Self.root)/\(path)"), "no \(path); run matriarch-generate all")
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `the CRD in the repository is the one the types describe`() throws {
        let text = try contents("manifests/crd/matriarch.dev_postgresclusters.yaml")
        #expect(
            try YAML.parse(text) == CustomResourceDefinition.object, "run swift run matriarch-generate all --root .")
    }

    @Test func `the reference page in the repository is the one the types describe`() throws {
        let page = try contents("docs/reference/crd.md")
        #expect(page == ReferencePage.markdown, "run swift run matriarch-generate all --root .")
    }

    @Test func `the samples are valid`() throws {
        for name in ["minimal", "full"] {
            let sample = try YAML.parse(contents("manifests/samples/\(name).yaml"))
            #expect(validate(try sample.decoded(), previous: nil) == [], "\(name)")
        }
    }
}
