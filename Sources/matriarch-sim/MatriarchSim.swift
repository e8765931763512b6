import ArgumentParser

/// The deterministic simulation, for people and for `make test`. Not part of the image.
@main
struct MatriarchSim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matriarch-sim",
        abstract: "Simulates clusters from seeds and checks the guarantees after every step.",
        subcommands: [RunCommand.self, ReplayCommand.self, ExploreCommand.self, ReplayTraceCommand.self])
}
