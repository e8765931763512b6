import Glibc

/// A program could not be started; no process was left.
public struct SpawnError: Error, Sendable, CustomStringConvertible {
    public let program: String
    /// Why, as in `<errno.h>`.
    public let errno: Int32

    /// `cannot start postgres: No such file or directory`.
    public var description: String { "cannot start \(program): \(String(cString: strerror(errno)))" }
}
