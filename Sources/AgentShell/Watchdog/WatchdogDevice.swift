/// What happens to a machine whose agent falls silent.
///
/// Calls are short: a driver that waits in one would stop the very thing it is to watch over.
package protocol WatchdogDevice: Sendable {
    /// Starts the countdown.
    ///
    /// - Returns: what the countdown takes now, in seconds; a driver may round.
    /// - Throws: ``WatchdogError`` when there is no device that could be used.
    func open(timeoutInSeconds: Int) throws(WatchdogError) -> Int

    /// Starts the countdown anew.
    func keepAlive() throws(WatchdogError)

    /// Ends the countdown.
    func close() throws(WatchdogError)

    /// Could be opened, by its file; asked by a member that does not lead.
    var isUsable: Bool { get }
}

package struct WatchdogError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
