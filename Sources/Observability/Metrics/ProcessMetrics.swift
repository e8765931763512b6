import Glibc

/// The standard metrics every Prometheus client library offers about its own process.
public enum ProcessMetrics {
    /// Adds them to a registry; they are read from `/proc/self` at each scrape.
    public static func register(in registry: MetricsRegistry) {
        registry.addCollector(collect)
    }

    @Sendable
    static func collect() -> [MetricSnapshot] {
        var snapshots: [MetricSnapshot] = []
        func add(_ name: String, _ help: String, _ value: Double?, type: String = "gauge") {
            guard let value else { return }
            snapshots.append(
                MetricSnapshot(name: name, help: help, typeName: type, samples: [MetricSnapshot.Sample(value: value)]))
        }
        let ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        let pageSize = Double(max(1, sysconf(Int32(_SC_PAGESIZE))))
        // Fields after the command name, which may itself contain blanks; field 3 (state) has index 0.
        let fields = contents(of: "/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
        func field(_ number: Int) -> Double? { fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil }

        if let user = field(14), let system = field(15) {
            add(
                "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                (user + system) / ticksPerSecond, type: "counter")
        }
        add("process_virtual_memory_bytes", "Virtual memory size in bytes.", field(23))
        add("process_resident_memory_bytes", "Resident memory size in bytes.", field(24).map { $0 * pageSize })
        if let start = field(22), let boot = bootTimeSeconds() {
            add(
                "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
                boot + start / ticksPerSecond)
        }
        add("process_open_fds", "Number of open file descriptors.", openDescriptors())
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            add("process_max_fds", "Maximum number of open file descriptors.", Double(limit.rlim_cur))
        }
        return snapshots
    }

    private static func bootTimeSeconds() -> Double? {
        for line in contents(of: "/proc/stat").split(separator: "\n") where line.hasPrefix("btime ") {
            return Double(line.dropFirst(6))
        }
        return nil
    }

    private static func openDescriptors() -> Double? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // `.`, `..` and the descriptor of the folder itself.
        return Double(max(0, count - 3))
    }

    private static func contents(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
