import KubernetesModels
import Testing

@testable import CommandLineTool

/// What shells offer while a command is typed.
@Suite struct CompletionTests {
    @Test func `names are completed among the members of the clusters that are named`() {
        func pod(_ name: String, _ cluster: String) -> ObjectMeta {
            ObjectMeta(name: name, labels: ["cluster-name": cluster])
        }
        let pods = [pod("demo-1", "demo"), pod("demo-0", "demo"), pod("shop-0", "shop"), pod("dump", "demo")]
        #expect(
            NameCompletion.memberNames(pods, among: ["matriarch", "logs", "demo"], namespace: "x") == [
                "demo-0", "demo-1",
            ])
        #expect(
            NameCompletion.memberNames(pods, among: ["matriarch"], namespace: "x") == ["demo-0", "demo-1", "shop-0"])
    }

    @Test func `the flags among the words of an unfinished command are heeded`() {
        let options = ConnectionOptions(
            completing: ["matriarch", "list", "-n", "shop", "--context=lab", "--kubeconfig"])
        #expect(options.namespace == "shop" && options.context == "lab" && options.kubeconfig == nil)
    }
}
