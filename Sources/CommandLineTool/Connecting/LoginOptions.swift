import ArgumentParser

/// As whom, to which database and by which way.
struct LoginOptions: ParsableArguments {
    @Option(
        name: [.customShort("U"), .customLong("username")],
        help: ArgumentHelp("The role; otherwise the owner of the application's database.", valueName: "role"))
    var user: String?

    @Option(
        name: [.customShort("d"), .customLong("dbname")],
        help: ArgumentHelp(
            "The database; otherwise the application's, or postgres for the superuser.", valueName: "name"))
    var database: String?

    @Flag(help: "Go through the API server, also where the server can be reached.")
    var portForward = false
}
