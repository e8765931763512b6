/// Whether somebody who is silent may be ahead: a store that was wiped does not say who led last.
///
/// - Parameters:
///   - asked: how many others there are.
///   - answered: how many of them have answered.
public func mustAwaitEverybody(_ initialization: Initialization, asked: Int, answered: Int) -> Bool {
    initialization == .never && answered < asked
}
