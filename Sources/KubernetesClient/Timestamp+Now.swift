import Glibc
public import KubernetesModels

extension Timestamp {
    /// The wall clock, with microseconds.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microsecondsSince1970: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

extension MicroTime {
    public static func now() -> MicroTime { MicroTime(.now()) }
}
