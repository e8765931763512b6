/// Why a command did not do what was asked; printed as `Error: …`, exit status 1.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
