/// What the checksums of a server's pages have found, since its statistics began: a crash and a copy begin them anew.
public struct DamagedPages: Hashable, Sendable {
    /// How often a page that was read had another checksum than it should; one page counts each time.
    public let failures: Int
    /// Where, by name, at most ``maximumCount``; what all databases share has none.
    public let databases: [String]

    public static let maximumCount = 8

    public init(failures: Int, databases: [String]) {
        self.failures = failures
        self.databases = databases
    }

    /// For status: it does not grow while a damaged page is read again and again. nil: nothing was found.
    public var sentence: String? {
        guard failures > 0 else { return nil }
        let place =
            databases.isEmpty
            ? "what all databases share"
            : "the database\(databases.count == 1 ? "" : "s") \(databases.joined(separator: ", "))"
        return "its data are damaged: pages of \(place) do not have the checksum they should"
    }
}
