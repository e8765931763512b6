import CLinux
import Fence
import Glibc
import Units

/// Orphans of a crashed agent that init has inherited.
enum AdoptedProcesses {
    /// Kills what the agent's tools left running (pg_basebackup, pg_rewind, scripts), but nothing of PostgreSQL.
    ///
    /// A tool that kept writing into the data directory while the next agent starts its own would corrupt it.
    /// Children of a killed tool become init's as well, so this looks again until none is left or the deadline has passed.
    ///
    /// - Requires: no agent runs.
    static func killTools(dataDirectory: String, deadline: BootInstant) -> Int {
        var killed: Set<Int32> = []
        while true {
            let postgres = Set(DataDirectoryProcesses.list(dataDirectory: dataDirectory))
            let tools = livingChildren().filter { !postgres.contains($0) }
            // They are unreaped children of this single thread: their ids cannot pass to anybody else.
            for tool in tools where kill(tool, SIGKILL) == 0 { killed.insert(tool) }
            if tools.isEmpty || BootClock.now() >= deadline { return killed.count }
            usleep(1000)
        }
    }

    private static func livingChildren() -> [Int32] {
        var children: [Int32] = []
        guard let proc = opendir("/proc") else { return [] }
        defer { closedir(proc) }
        while let entry = readdir(proc) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if let process = Int32(name), isLivingChild(process) { children.append(process) }
        }
        return children
    }

    /// Reads `state` and `ppid` of `/proc/PID/stat`; the command name before them may hold anything, parentheses included.
    private static func isLivingChild(_ process: Int32) -> Bool {
        let descriptor = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
            let content = buffer.prefix(max(0, read(descriptor, buffer.baseAddress, buffer.count)))
            guard let end = content.lastIndex(of: UInt8(ascii: ")")) else { return false }
            let fields = content[content.index(after: end)...].split(separator: UInt8(ascii: " "), maxSplits: 2)
            guard fields.count == 3, let state = fields[0].first else { return false }
            return state != UInt8(ascii: "Z") && Int32(String(decoding: fields[1], as: UTF8.self)) == getpid()
        }
    }
}
