import ArgumentParser

/// The forms of a listing.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case pretty
    case tsv
    case json
    case yaml
}

/// Which form a table is printed in.
struct FormatOption: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output"), .customShort("f"), .customLong("format")],
        help: "pretty, tsv, json or yaml.")
    var format = OutputFormat.pretty
}
