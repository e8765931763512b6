import Glibc
import KubernetesModels

/// Wall-clock time for people; nothing is decided by it.
enum WallClock {
    /// RFC 3339 in UTC with microseconds.
    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        // Patroni writes and reads an offset, never "Z".
        let text = Timestamp(microsecondsSince1970: microseconds).microsecondDescription
        return text.dropLast() + "+00:00"
    }

    static func epochSeconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }
}
