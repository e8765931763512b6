import ArgumentParser

/// The forms of a listing.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case pretty
    case tsv
    case json
    case yaml
}
