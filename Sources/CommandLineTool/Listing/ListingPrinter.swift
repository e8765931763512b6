import KubernetesClient
import KubernetesModels

/// Prints clusters once or again and again, and what several looks tell of their locks.
struct ListingPrinter {
    var clusters: ListedClusters
    var renderer: ListRenderer
    var repetition: RepeatOption
    var showsTime = false

    /// - Parameter order: what becomes of a listing before it is printed.
    func run(_ order: (inout ClusterListing) -> Void = { _ in }) async throws {
        let reader = ClusterReader(client: try clusters.connection.client())
        var looks = LockLooks<ContinuousClock.Instant>()
        var told: Set<String> = []
        try await repetition.repeating(clears: renderer.format == .pretty) {
            var listings = try await clusters.read(reader)
            // Times in Kubernetes objects have seconds.
            let now = Timestamp(secondsSince1970: Timestamp.now().microsecondsSince1970 / 1_000_000)
            for index in listings.indices {
                looks.mark(&listings[index], at: .now, shown: now.description)
                order(&listings[index])
            }
            for listing in listings where listing.isResourceForbidden && told.insert(listing.name).inserted {
                Terminal.note(
                    "the PostgresCluster \(listing.name) may not be read: what is scheduled in it is not shown")
            }
            if showsTime { print(Timestamp.now().description) }
            print(renderer.rendered(listings))
        }
    }
}
