import Glibc
import KubernetesModels
import Units

/// Wall-clock time for people; nothing is decided by it but when a person's scheduled request is due.
enum WallClock {
    /// RFC 3339 in UTC with microseconds.
    static func now() -> String {
        let microseconds = instant().microsecondsSince1970
        // Patroni writes and reads an offset, never "Z".
        let text = Timestamp(microsecondsSince1970: microseconds).microsecondDescription
        return text.dropLast() + "+00:00"
    }

    static func epochSeconds() -> Int64 { instant().microsecondsSince1970 / 1_000_000 }

    static func instant() -> WallInstant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallInstant(microsecondsSince1970: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
