import Glibc

/// A file system of its own, in a file, that can be made to stop answering as a disk does. Needs root and loop devices.
///
/// Whatever has frozen it, it answers again after ``longest`` at the latest: what waits for it cannot be killed, the test's own
/// processes included.
public final class LoopVolume: Sendable {
    /// Where it is mounted: everybody may write there.
    public let path: String
    private let image: String
    public static let longest = Duration.seconds(90)

    /// Whether this machine can make one.
    public static var isPossible: Bool { geteuid() == 0 && access("/dev/loop-control", R_OK | W_OK) == 0 }

    /// - Parameter path: an empty directory, which is mounted over.
    public init(at path: String, mebibytes: Int = 400) throws {
        self.path = path
        image = "\(path).image"
        try Self.shell(
            "truncate -s \(mebibytes)M \(image); mkfs.ext4 -q \(image); mount -o loop \(image) \(path); chmod 777 \(path)",
            log: "\(path).volume")
    }

    /// No write returns from now on.
    public func freeze() throws {
        // Outlives a test that dies, and is done before its own file system could hold it up.
        try Self.shell(
            "setsid sh -c 'sleep \(Self.longest.components.seconds); fsfreeze --unfreeze \(path)' >/dev/null 2>&1 & "
                + "fsfreeze --freeze \(path)", log: "\(path).volume")
    }

    public func thaw() throws { try Self.shell("fsfreeze --unfreeze \(path)", log: "\(path).volume") }

    /// It answers, and refuses every write from now on.
    public func makeReadOnly() throws { try Self.shell("mount -o remount,ro \(path)", log: "\(path).volume") }

    public func makeWritable() throws { try Self.shell("mount -o remount,rw \(path)", log: "\(path).volume") }

    /// Takes it away, also under processes that still end.
    public func remove() {
        try? Self.shell("fsfreeze --unfreeze \(path) || true; umount --lazy \(path)", log: "\(path).volume")
        unlink(image)
    }

    private static func shell(_ script: String, log: String) throws {
        let process = try ControlPlaneProcess(name: "volume", ["/bin/sh", "-ec", script], logPath: log)
        while process.isRunning { usleep(5000) }
        guard process.exitStatus == 0 else { throw MemberError("\(script): \(ProcessTable.text(of: log) ?? "")") }
        unlink(log)
    }
}
