import CLinux
import Glibc
public import Units

/// The processes of one PostgreSQL data directory: the postmaster, its backends, and backends it left behind.
///
/// PostgreSQL and everything it forks run with the data directory as their working directory, so
/// `/proc/PID/cwd` tells them apart from all else: from the agent, from init, from other instances, and also when the
/// postmaster is dead and its `postmaster.pid` gone. Zombies have no working directory and do not count. A shell whose
/// user changed into the data directory does.
///
/// A `/proc` that cannot be read, as by a process that has no descriptor left, shows nobody. That is no sign that nobody is there:
/// whoever needs to know asks for ``areGone(dataDirectory:sparing:)`` or ``Outcome/areGone``.
///
/// These calls read `/proc` and wait; run them on a thread of their own, never on the cooperative pool.
public enum DataDirectoryProcesses {
    /// What ``killAll(dataDirectory:sparing:deadline:)`` did.
    public struct Outcome: Hashable, Sendable {
        /// How many processes were sent SIGKILL.
        public let killed: Int
        /// Those still there at the deadline, for example in an uninterruptible read of a dead disk.
        public let remaining: [Int32]
        /// The last look has seen all of `/proc`; otherwise there may be more than ``remaining``.
        public let isComplete: Bool
        /// From the call to the last look at `/proc`.
        public let elapsed: Duration

        /// No process of the data directory is left.
        public var areGone: Bool { remaining.isEmpty && isComplete }
    }

    /// What one look at `/proc` has seen.
    private struct Look {
        var processes: [Int32] = []
        var isComplete = false
    }

    /// The processes whose working directory is the data directory or lies inside it, the postmaster first.
    ///
    /// Never contains the calling process, its parent, PID 1 or `sparing`. A process that ends meanwhile may be missing, and so may
    /// all when `/proc` cannot be read.
    ///
    /// - Parameter dataDirectory: PGDATA as configured; symbolic links in it are resolved. It need not exist any more.
    public static func list(dataDirectory: String, sparing: Set<Int32> = []) -> [Int32] {
        look(dataDirectory, sparing, in: standardFolder).processes
    }

    /// Whether no process of the data directory is there. False also when that cannot be seen.
    ///
    /// - Parameter folder: where the system shows its processes.
    public static func areGone(
        dataDirectory: String, sparing: Set<Int32> = [], in folder: String = standardFolder
    ) -> Bool {
        let look = look(dataDirectory, sparing, in: folder)
        return look.isComplete && look.processes.isEmpty
    }

    public static let standardFolder = "/proc"

    private static func look(_ dataDirectory: String, _ sparing: Set<Int32>, in folder: String) -> Look {
        let directory = resolved(dataDirectory)
        // A PGDATA that is empty, relative or the root would make half of the machine ours.
        guard directory.utf8.count > 1, dataDirectory.hasPrefix("/") else { return Look(isComplete: true) }
        let spared = sparing.union([1, getpid(), getppid()])
        var look = Look()
        guard let proc = opendir(folder) else { return look }
        defer { closedir(proc) }
        errno = 0
        while let entry = readdir(proc) {
            if let process = processIdentifier(entry), !spared.contains(process), belongs(process, to: directory) {
                look.processes.append(process)
            }
            errno = 0
        }
        look.isComplete = errno == 0
        // Once the postmaster is gone nobody forks any more.
        if let postmaster = postmasterIdentifier(in: directory),
            let index = look.processes.firstIndex(of: postmaster)
        {
            look.processes.swapAt(0, index)
        }
        return look
    }

    /// Sends SIGKILL until no process of the data directory is left or the deadline has passed.
    ///
    /// Stopped (SIGSTOP) processes die too. The caller or init reaps; this only waits until they are gone.
    ///
    /// - Guarantees: at least one round of kills, also when the deadline is past. A process id that was given to another
    ///   process meanwhile is not hit: the signal goes through a pidfd whose owner was looked at after it was opened.
    /// - Parameters:
    ///   - folder: where the system shows its processes.
    ///   - deadline: for the waiting; looks again at growing intervals of 1 to 20 ms.
    public static func killAll(
        dataDirectory: String, sparing: Set<Int32> = [], in folder: String = standardFolder, deadline: BootInstant
    ) -> Outcome {
        let start = BootClock.now()
        let directory = resolved(dataDirectory)
        var signalled: Set<Int32> = []
        var pauseMicroseconds: UInt32 = 1000
        while true {
            let look = look(dataDirectory, sparing, in: folder)
            for process in look.processes where kill(process, in: directory) { signalled.insert(process) }
            let now = BootClock.now()
            if look.isComplete && look.processes.isEmpty || now >= deadline {
                return Outcome(
                    killed: signalled.count, remaining: look.processes, isComplete: look.isComplete,
                    elapsed: now - start)
            }
            usleep(pauseMicroseconds)
            pauseMicroseconds = min(pauseMicroseconds * 2, 20_000)
        }
    }

    /// Whether every process of the data directory has SIGKILL ahead of it and nothing else: none of them runs another
    /// instruction of its own, however long the kernel keeps it for a disk that does not answer.
    ///
    /// False also when one of them, or whether there are more, cannot be seen.
    public static func areAllDying(
        dataDirectory: String, sparing: Set<Int32> = [], in folder: String = standardFolder
    ) -> Bool {
        let look = look(dataDirectory, sparing, in: folder)
        return look.isComplete && look.processes.allSatisfy(isDying)
    }

    // MARK: One process

    /// The signal is pending, or the kernel has begun to end the process for it; one that has gone meanwhile has died.
    private static func isDying(_ process: Int32) -> Bool {
        guard let status = text(of: "/proc/\(process)/status"), let stat = text(of: "/proc/\(process)/stat") else {
            return Glibc.kill(process, 0) != 0 && errno == ESRCH
        }
        return hasKillPending(status) || isExiting(stat)
    }

    /// - Parameter status: as `/proc/PID/status` shows it: signals of the thread the process is named after, and of all.
    static func hasKillPending(_ status: String) -> Bool {
        let pending = status.split(separator: "\n").filter { $0.hasPrefix("SigPnd:") || $0.hasPrefix("ShdPnd:") }
        return pending.contains { line in
            line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }.map { $0 & (1 << (SIGKILL - 1)) != 0 }
                ?? false
        }
    }

    /// The signal is not pending any more once the kernel acts on it.
    ///
    /// - Parameter stat: as `/proc/PID/stat` shows it; the name in parentheses may have any character.
    /// - Returns: also of a process with other threads false: the flag is that of one.
    static func isExiting(_ stat: String) -> Bool {
        guard let end = stat.lastIndex(of: ")") else { return false }
        // The third one comes first: state, then five others, and the flags; the number of threads is the twentieth.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 17, let flags = UInt64(fields[6]) else { return false }
        let exiting: UInt64 = 0x4
        return flags & exiting != 0 && fields[17] == "1"
    }

    private static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 8192, alignment: 1) { buffer in
            let size = read(descriptor, buffer.baseAddress, buffer.count)
            return size > 0 ? String(decoding: buffer.prefix(size), as: UTF8.self) : nil
        }
    }

    /// Returns whether the process was of the data directory and the signal was sent.
    private static func kill(_ process: Int32, in directory: String) -> Bool {
        let descriptor = clinux_pidfd_open(process)
        guard descriptor >= 0 else {
            // Sandboxes without pidfd, and who has no descriptor left, are left with the plain call and its tiny window.
            let isWithout = [-ENOSYS, -EMFILE, -ENFILE].contains(descriptor)
            return isWithout && belongs(process, to: directory) && Glibc.kill(process, SIGKILL) == 0
        }
        defer { close(descriptor) }
        return belongs(process, to: directory) && clinux_pidfd_send_signal(descriptor, SIGKILL) == 0
    }

    /// False when the process has vanished, is a zombie, or is not ours to look at.
    private static func belongs(_ process: Int32, to directory: String) -> Bool {
        guard var path = link("/proc/\(process)/cwd") else { return false }
        let deleted = " (deleted)"
        if path.hasSuffix(deleted) { path.removeLast(deleted.utf8.count) }
        return path == directory || path.hasPrefix(directory + "/")
    }

    private static func link(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            guard let start = buffer.assumingMemoryBound(to: CChar.self).baseAddress else { return nil }
            let size = readlink(path, start, buffer.count)
            return size > 0 ? String(decoding: buffer.prefix(size), as: UTF8.self) : nil
        }
    }

    private static func processIdentifier(_ entry: UnsafeMutablePointer<dirent>) -> Int32? {
        withUnsafeBytes(of: &entry.pointee.d_name) { name in
            var value: Int32 = 0
            for byte in name {
                if byte == 0 { break }
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value &* 10 &+ Int32(byte - UInt8(ascii: "0"))
            }
            return value > 0 ? value : nil
        }
    }

    // MARK: The directory

    /// The path as `/proc/PID/cwd` shows it; the given one, without a trailing slash, when it does not exist.
    private static func resolved(_ directory: String) -> String {
        if let path = realpath(directory, nil) {
            defer { free(path) }
            return String(cString: path)
        }
        var path = directory
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// The first line of `postmaster.pid`; a negative number there means single-user mode.
    private static func postmasterIdentifier(in directory: String) -> Int32? {
        let descriptor = open(directory + "/postmaster.pid", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
            let size = read(descriptor, buffer.baseAddress, buffer.count)
            let line = buffer.prefix(max(0, size)).prefix { $0 != UInt8(ascii: "\n") }
            return Int32(String(decoding: line, as: UTF8.self)).map(abs)
        }
    }
}
