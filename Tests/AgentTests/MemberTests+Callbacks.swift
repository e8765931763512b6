import Fence
import Glibc
import HighAvailability
import KubernetesModels
import TestSupport
import Testing
import Units

extension MemberTests {
    /// What the members were told, in the order in which their callbacks wrote it down: "demo-0 begins on_start replica demo".
    private static func told(_ cluster: MemberCluster, of member: MemberProcess? = nil) -> [String] {
        let lines = (cluster.text(of: "told") ?? "").split(separator: "\n").map(String.init)
        return lines.filter { line in member.map { line.hasPrefix("\($0.name) ") } ?? true }
    }

    private static func roles(_ cluster: MemberCluster, of member: MemberProcess) -> [String] {
        told(cluster, of: member).filter { $0.contains(" begins ") }
            .map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") }
    }

    @Test func `callbacks that take half a minute delay no switchover, and none outlives its role`() async throws {
        try await with(2) { cluster in
            let record = "echo \"$MATRIARCH_MEMBER"
            let book = "\(cluster.folder)/told"
            for action in CallbackAction.allCases {
                let name = action.rawValue
                try cluster.writeCallback(
                    name,
                    """
                    \(record) begins $1 $2 $3" >> \(book)
                    \(action == .roleChange ? "sleep 30" : ":")
                    \(record) ends $1 $2" >> \(book)
                    """)
            }
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (first, second) = (before.leader, before.standbys[0])
            try await eventually(within: .seconds(5), "both have started", { Self.told(cluster) }) { told in
                told.contains("\(first.name) ends on_start primary")
                    && told.contains("\(second.name) ends on_start replica")
            }
            try await RowWriter.prepare(on: first)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(20)
            let begun = BootClock.now()
            try await cluster.annotate(
                .failover, ["leader": .string(first.name), "member": .string(second.name)])
            try await writer.more(20) { $0 == second.name }
            try await eventually(within: .seconds(20), "the former leader follows", { Self.told(cluster) }) { told in
                told.contains("\(second.name) begins on_role_change primary demo")
                    && told.contains("\(first.name) begins on_role_change replica demo")
            }
            try await cluster.healthy()
            try await cluster.annotate(
                .failover, ["leader": .string(second.name), "member": .string(first.name)])
            try await writer.more(20) { $0 == first.name }
            try await eventually(within: .seconds(20), "and back", { Self.told(cluster) }) { told in
                told.contains("\(first.name) begins on_role_change primary demo")
                    && told.contains("\(second.name) begins on_role_change replica demo")
            }
            await writer.stop()
            // All this in less time than a single callback takes.
            #expect(BootClock.now() - begun < .seconds(29))
            #expect(await writer.longestGap < Self.soonestExpiry)
            #expect(try await writer.lost(on: first) == [])
            let demoted = "on_role_change demoted demo"
            #expect(
                Self.roles(cluster, of: first).filter { $0 != demoted } == [
                    "on_start primary demo", "on_role_change replica demo", "on_role_change primary demo",
                ])
            #expect(
                Self.roles(cluster, of: second).filter { $0 != demoted } == [
                    "on_start replica demo", "on_role_change primary demo", "on_role_change replica demo",
                ])
            #expect(
                Self.roles(cluster, of: first).contains(demoted) && Self.roles(cluster, of: second).contains(demoted))
            // Who was promoted and is no primary any more has nobody left who is about to say so.
            #expect(!Self.told(cluster).contains { $0.contains("ends on_role_change") })
            let running = second.processes(titled: "on_role_change primary")
            #expect(running == [])
        }
    }

    @Test func `a callback tells of a reload, a restart and the end, and one that fails changes nothing`() async throws
    {
        try await with(1) { cluster in
            let book = "\(cluster.folder)/told"
            for action in CallbackAction.allCases {
                try cluster.writeCallback(
                    action.rawValue,
                    "echo \"$MATRIARCH_MEMBER begins $1 $2 $3\" >> \(book)\necho \"heard of $1\"\nexit 3")
            }
            let member = cluster.members[0]
            try member.start()
            try await cluster.healthy()
            var settings = Self.configuration
            settings["postgresql"]?["parameters"]?["work_mem"] = "5MB"
            try await cluster.annotate(.configuration, ["config": .string(settings.serialized())])
            let reload = "\(member.name) begins on_reload primary demo"
            try await eventually(within: .seconds(60), "a reload", { Self.told(cluster) }) { $0.contains(reload) }
            // Nothing of a callback outlives the agent: init ends it, and the next agent tells of the role anew.
            try cluster.writeCallback(
                "on_start", "echo \"$MATRIARCH_MEMBER begins $1 $2 $3\" >> \(book)\nsleep 1000")
            kill(try #require(member.postmaster), SIGKILL)
            func sleepers() -> [pid_t] { member.processes(titled: "sleep 1000") }
            try await eventually(within: .seconds(10), "a callback that runs", { sleepers() }) { !$0.isEmpty }
            let left = sleepers()
            kill(try #require(member.agentProcess), SIGKILL)
            try await eventually(within: .seconds(10), "it is gone, and told anew", { sleepers() }) {
                !$0.isEmpty && Set($0).isDisjoint(with: left)
            }
            try await cluster.healthy()
            member.terminate()
            try await eventually(within: .seconds(30), "the end", { member.exitStatus }) { $0 != nil }
            #expect(Self.roles(cluster, of: member).last == "on_stop primary demo")
            #expect(Self.roles(cluster, of: member).first == "on_start primary demo")
            let heard = member.log().filter { $0["callback"]?.stringValue == "on_reload" }
            #expect(heard.contains { $0["message"]?.stringValue == "heard of on_reload" })
            #expect(heard.contains { $0["message"]?.stringValue == "callback ended" && $0["status"] == "3" })
        }
    }
}
