public import ArgumentParser

/// The commands for people: `matriarch list` and its kin, also as `kubectl matriarch`.
public enum ClientCommands {
    public static let all: [any ParsableCommand.Type] = [
        StatusCommand.self, ListCommand.self, TopologyCommand.self, HistoryCommand.self, WhyCommand.self,
        LogsCommand.self, SwitchoverCommand.self, FailoverCommand.self, RestartCommand.self, ReinitCommand.self,
        FlushCommand.self, PauseCommand.self, ResumeCommand.self, DemoteClusterCommand.self, PromoteClusterCommand.self,
        ShowConfigCommand.self, EditConfigCommand.self, DsnCommand.self, HAProxyCommand.self, PsqlCommand.self,
        QueryCommand.self, ReportCommand.self, RemoveCommand.self, VersionCommand.self,
    ]

    /// The version of this program.
    public static let version = "0.1.0"
}
