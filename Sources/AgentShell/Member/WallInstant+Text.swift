import KubernetesModels
package import Units

extension WallInstant {
    /// RFC 3339 in UTC with microseconds, for people and for Patroni.
    package var text: String {
        let text = Timestamp(microsecondsSince1970: microsecondsSince1970).microsecondDescription
        // Patroni writes and reads an offset, never "Z".
        return text.dropLast() + "+00:00"
    }

    var epochSeconds: Int64 { microsecondsSince1970 / 1_000_000 }
}
