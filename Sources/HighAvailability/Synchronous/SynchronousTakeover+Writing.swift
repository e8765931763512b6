extension SynchronousTakeover {
    /// Whether the record has to be written although it may say what it said: a write of it that was thought lost can land as
    /// long as it names the version before, and the names would meet another record than the one they are decided on.
    ///
    /// - Parameters:
    ///   - former: as it was read.
    ///   - mayStillLand: a write of it, perhaps of an earlier life, was not answered and is not settled.
    public func mustBeWritten(over former: SynchronousState?, mayStillLand: Bool) -> Bool {
        mayStillLand || former?.meansTheSame(as: record) != true
    }

    /// Ordinary users do not get in yet. A server that comes up after a crash shows commits it had not acknowledged: nobody
    /// looks before they are safe.
    ///
    /// - Parameter isRestart: the server is started as the primary it was, and not promoted.
    public func holdsOutUsers(isRestart: Bool) -> Bool { isRestart && names.count > 0 }
}
